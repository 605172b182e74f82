// The tables that search, sort and filter.

const SMALL = [25, 50, 100, 500];

// A header filter by a native list of the values that occur.
function choices(field, label) {
  return (cell, onRendered, success) => {
    const values = [...new Set(cell.getTable().getData().map((row) => row[field]).filter(Boolean))];
    const select = make("select", { "aria-label": say("filter_by", { column: label }) },
      make("option", { value: "" }, say("any")),
      values.sort().map((value) => make("option", { value }, shownIn(field, value))));
    select.addEventListener("change", () => success(select.value));
    return select;
  };
}

const CODED = ["status", "role", "ledger", "crosscheck", "kind", "agrees"];

function shownIn(field, value) {
  return CODED.includes(field) ? word(value) : String(value);
}

// A number as somebody types it: with thousands apart, a comma for the decimals, a true minus.
function typed(part) {
  const tidy = part.trim();
  return Number(/^-?\d{1,3}(,\d{3})+(\.|$)/.test(tidy)
    ? tidy.replaceAll(",", "") : tidy.replace(",", "."));
}

// A header filter of numbers: `< 0.05`, `> 0`, `0.1 to 0.2`, or the number's first digits.
function asked(wanted) {
  const tidy = String(wanted).trim().replaceAll(MINUS, "-");
  const compared = tidy.match(/^(<=|>=|<|>|=)\s*(\S+)$/);
  if (compared && !Number.isNaN(typed(compared[2]))) {
    const limit = typed(compared[2]);
    return (found) => typeof found === "number" && ({
      "<": found < limit, "<=": found <= limit, ">": found > limit, ">=": found >= limit,
      "=": Math.abs(found - limit) < 1e-9,
    })[compared[1]];
  }
  const range = tidy.match(/^(-?[\d.,]+)\s*(?:to|\.\.|;)\s*(-?[\d.,]+)$/);
  if (range) {
    const [low, high] = [typed(range[1]), typed(range[2])];
    return (found) => typeof found === "number" && found >= low && found <= high;
  }
  return (found) => typeof found === "number" && String(found).startsWith(tidy.replace(",", "."));
}

// A text that stands in full, in as many lines as it needs.
const WRAPPED = { variableHeight: true, cssClass: "wrapped", tooltip: false };

function text(field, title, width, more = {}) {
  return {
    title, field, width, sorter: "string", headerFilter: "input", headerFilterFunc: "like",
    headerFilterParams: { elementAttributes: { "aria-label": say("filter_by", { column: title }) } },
    formatter: (cell) => document.createTextNode(cell.getValue() ?? ""),
    tooltip: (event, cell) => cell.getValue() ?? "", ...more,
  };
}

function coded(field, title, width) {
  return {
    ...text(field, title, width), headerFilter: choices(field, title), headerFilterFunc: "=",
    formatter: (cell) => document.createTextNode(shownIn(field, cell.getValue() ?? "")),
  };
}

function figure(field, title, width, write, hint = say("number_hint")) {
  return {
    title, field, width, hozAlign: "right", headerHozAlign: "right", sorter: "number",
    sorterParams: { alignEmptyValues: "bottom" }, headerFilter: "input",
    headerFilterPlaceholder: hint, headerFilterLiveFilter: true,
    headerFilterFunc: (wanted, found) => asked(wanted)(found),
    headerFilterParams: { elementAttributes: { "aria-label": say("filter_by", { column: title }) } },
    formatter: (cell) => document.createTextNode(write(cell.getValue(), cell.getData()) ?? ""),
  };
}

const named = (prefix) => (cell) => make("a",
  { href: `#${encodeURIComponent(prefix + cell.getValue())}`, class: "id" }, cell.getValue());

function estimateColumns() {
  const title = (name) => say(`columns.${name}`);
  return [
    text("id", title("id"), window.innerWidth > 700 ? 300 : 180, { ...WRAPPED, formatter: named(""), frozen: window.innerWidth > 700 }),
    text("term", title("term"), 150, WRAPPED),
    coded("country", title("country"), 110),
    coded("outcome", title("outcome"), 110),
    figure("estimate", title("estimate"), 105,
      (value, row) => written(value, row.how, row.error) || word(row.status), say("size_hint")),
    figure("low", title("interval"), 145, (value, row) => interval(row.low, row.high, row.how, row.error), say("size_hint")),
    figure("p", title("p"), 75, pValue),
    figure("adjusted", title("adjusted"), 95, pValue),
    text("vcov", title("vcov"), 145),
    figure("rows", title("rows"), 85, (value) => number(value), say("count_hint")),
    figure("returnees", title("returnees"), 105, (value) => number(value), say("count_hint")),
    figure("clusters", title("clusters"), 95, (value) => number(value), say("count_hint")),
    coded("status", title("status"), 140),
    coded("role", title("role"), 120),
    text("spec", title("spec"), 200),
    coded("ledger", title("ledger"), 130),
    coded("crosscheck", title("crosscheck"), 120),
  ];
}

function specificationColumns() {
  const title = (name) => say(`columns.${name}`);
  return [
    text("id", title("id"), 240, { ...WRAPPED, formatter: named("specification:") }),
    text("title", title("title"), 220, WRAPPED),
    coded("outcome", title("outcome"), 150),
    coded("role", title("role"), 105),
    coded("estimator", title("estimator"), 95),
    text("vcov", title("vcov"), 150),
    figure("rows", title("rows"), 85, (value) => number(value), say("count_hint")),
    figure("returnees", title("returnees"), 105, (value) => number(value), say("count_hint")),
    coded("ledger", title("ledger"), 130),
    coded("status", title("status"), 120),
    text("sample", title("sample"), 200),
    text("formula", title("formula"), 420),
  ];
}

function crosscheckColumns() {
  const title = (name) => say(`columns.${name}`);
  return [
    text("estimate_id", title("id"), 285, { ...WRAPPED, formatter: named("") }),
    coded("agrees", title("agrees"), 85),
    figure("ours", title("ours"), 150, exact, say("size_hint")),
    figure("estimate", title("theirs"), 150, exact, say("size_hint")),
    figure("diff_in_std_errors", title("difference"), 120, plain),
    figure("ours_std_error", title("ours_error"), 150, exact),
    figure("std_error", title("theirs_error"), 150, exact),
    figure("rel_diff_std_error", title("rel_error"), 120, plain),
    text("reason", title("reason"), 260),
    coded("engine", title("engine"), 240),
  ];
}

// A table in its place, with search, count and export above it.
class Listing {
  constructor(place, rows, columns, target, textOf, file) {
    Object.assign(this, { place, rows, target, textOf, file, columns });
    this.search = document.getElementById(`search-${place}`);
    this.kind = document.getElementById(`kind-${place}`);
    this.count = document.getElementById(`count-${place}`);
  }

  start() {
    this.table = new Tabulator(`#table-${this.place}`, {
      data: this.rows, columns: this.columns, index: this.columns[0].field,
      layout: "fitData", renderVertical: "basic", pagination: true, paginationSize: SMALL[1],
      paginationSizeSelector: SMALL, paginationCounter: "rows", movableColumns: false,
      headerSortClickElement: "header", columnHeaderSortMulti: true, selectableRows: false,
      locale: "here", langs: { here: { pagination: setup.texts.pagination } },
      placeholder: say("nothing_found"), debugInvalidOptions: true,
    });
    this.table.on("rowClick", (event, row) => {
      if (event.target.closest("a") || String(getSelection())) return;
      location.hash = encodeURIComponent(this.target + row.getData()[this.columns[0].field]);
    });
    this.table.on("dataFiltered", (filters, rows) => this.say(rows.length));
    this.table.on("tableBuilt", () => { this.keys(); this.say(this.rows.length); this.ready = true; });
    let waiting;
    const later = () => { clearTimeout(waiting); waiting = setTimeout(() => this.filter(), 150); };
    this.search.addEventListener("input", later);
    this.kind?.addEventListener("change", () => this.filter());
    document.getElementById(`export-${this.place}`).addEventListener("click", () => this.save());
    document.getElementById(`clear-${this.place}`).addEventListener("click", () => {
      this.search.value = "";
      if (this.kind) this.kind.value = "";
      this.table.clearHeaderFilter();
      this.filter();
    });
  }

  // A heading is reached and sorted by keyboard as by mouse.
  keys() {
    for (const heading of document.querySelectorAll(`#table-${this.place} .tabulator-col-title`)) {
      heading.setAttribute("tabindex", "0");
      heading.addEventListener("keydown", (event) => {
        if (event.key !== "Enter" && event.key !== " ") return;
        event.preventDefault();
        heading.click();
      });
    }
  }

  filter() {
    const words = this.search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const kind = this.kind?.value;
    this.table.setFilter((row) => (!kind || row.kind === kind)
      && words.every((one) => this.textOf(row).includes(one)));
  }

  say(found) {
    this.count.textContent = say("found", { found: number(found), all: number(this.rows.length) });
  }

  // What the filters leave, as CSV; a text that a spreadsheet would take for a formula is marked.
  save() {
    const fields = Object.keys(this.rows[0] ?? {}).filter((name) => !["text", "block", "how"].includes(name));
    const cell = (value) => {
      if (value === null || value === undefined) return "";
      if (typeof value === "number") return String(value);
      const safe = /^[=+@\t\r-]/.test(value) ? `'${value}` : String(value);
      return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
    };
    const kept = this.table.getRows("active").map((row) => row.getData());
    const lines = [[...fields, "data"].join(","),
      ...kept.map((row) => [...fields.map((name) => cell(row[name])), setup.data].join(","))];
    this.saved = `${lines.join("\n")}\n`;
    const address = URL.createObjectURL(new Blob([this.saved], { type: "text/csv" }));
    make("a", { href: address, download: this.file }).click();
    setTimeout(() => URL.revokeObjectURL(address), 1000);
  }
}
