// Pieces of a passport. Everything foreign goes in as text, never as HTML.

function make(name, attributes, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes ?? {})) {
    if (value !== null && value !== undefined && value !== "") made.setAttribute(key, value);
  }
  made.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return made;
}

function link(id, text) {
  return make("a", { href: `#${encodeURIComponent(id)}` }, text ?? id);
}

// A section with its heading; nothing when it would be empty.
function section(key, ...children) {
  const kept = children.flat().filter((child) => child !== null && child !== undefined);
  if (!kept.length) return null;
  const title = say(`sections.${key}`);
  for (const part of kept) {
    const caption = part.querySelector?.("caption");
    if (caption?.textContent === title) caption.remove(); // the heading says it
  }
  return make("section", { "data-section": key }, make("h3", {}, title), kept);
}

function paragraph(text, kind) {
  return text ? make("p", { class: kind }, text) : null;
}

// Names with values, without those that are empty.
function facts(pairs) {
  const kept = pairs.filter(([, value]) => value !== null && value !== undefined && value !== "");
  if (!kept.length) return null;
  return make("dl", {}, kept.flatMap(([name, value]) =>
    [make("dt", {}, name), make("dd", {}, value)]));
}

// A table: `columns` are [heading, cell of a row, is it words].
function grid(columns, rows, caption, kindOf) {
  if (!rows || !rows.length) return null;
  const head = make("tr", {}, columns.map(([heading, , words]) =>
    make("th", { scope: "col", class: words ? "words" : "" }, heading)));
  const body = rows.map((row) => make("tr", { class: kindOf ? kindOf(row) : "" },
    columns.map(([, cell, words], place) => make(place ? "td" : "th",
      { scope: place ? "" : "row", class: words ? "words" : "" }, cell(row) ?? ""))));
  const table = make("table", {},
    caption ? make("caption", {}, caption) : null, make("thead", {}, head), make("tbody", {}, body));
  return make("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": caption }, table);
}

// Text as it is written in a file, which a button copies.
function code(text, name) {
  if (!text) return null;
  const button = make("button", { type: "button", class: "copy" }, say("copy"));
  button.setAttribute("aria-label", say("copy_what", { name }));
  button.addEventListener("click", async () => {
    await copy(text);
    button.textContent = say("copied");
  });
  return make("div", { class: "code" },
    make("div", { class: "code-name" }, make("span", {}, name), button),
    make("pre", { tabindex: "0" }, make("code", {}, text)));
}

// A page opened as a file may have no clipboard: then by a field that is selected.
async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    const field = make("textarea", { "aria-hidden": "true" });
    field.value = text;
    document.body.append(field);
    field.select();
    document.execCommand("copy");
    field.remove();
  }
}
