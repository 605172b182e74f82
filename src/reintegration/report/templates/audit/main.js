// What is shown follows the address: a table, or the passport that the part after # names.

const VIEWS = ["estimates", "specifications", "crosscheck", "run"];
const SPECIFICATION = "specification:";
const shell = document.getElementById("tables-of-audit");
const holder = document.getElementById("passport");
const listings = {};
let before = "";

function asString(hash) {
  try {
    return decodeURIComponent(hash.slice(1));
  } catch {
    return hash.slice(1);
  }
}

function knows(name) {
  return data.byId.has(name) || VIEWS.includes(name) || data.specById.has(name)
    || data.claims.has(name) || (name.startsWith(SPECIFICATION) && data.specById.has(name.slice(SPECIFICATION.length)));
}

async function follow() {
  const name = asString(location.hash);
  const row = data.byId.get(name);
  const spec = data.specById.get(
    name.startsWith(SPECIFICATION) ? name.slice(SPECIFICATION.length) : name);
  if (row || spec) {
    const article = row ? await showEstimate(row) : await showSpecification(spec);
    if (asString(location.hash) !== name) return; // gone on in the meantime
    holder.querySelector(".passport").replaceChildren(article);
    show(null);
    document.title = `${row ? row.id : spec.id} \u00b7 ${titleOfPage}`;
    window.scrollTo(0, 0);
    holder.querySelector("h2").focus({ preventScroll: true });
  } else {
    const view = VIEWS.includes(name) ? name : VIEWS[0];
    show(view);
    document.title = titleOfPage;
    const unknown = name && !VIEWS.includes(name) && name !== "audit";
    document.getElementById("unknown").hidden = !unknown;
    if (unknown) document.getElementById("unknown").replaceChildren(...notAnEstimate(name));
    comeBack();
  }
  before = name;
}

// What an address names that has no passport: a claim leads to its estimates and to its table.
function notAnEstimate(name) {
  if (!data.claims.has(name)) return [say("unknown", { id: name })];
  const study = document.querySelector(".kicker a").getAttribute("href");
  const ids = data.claims.get(name).map((id) => (data.byId.has(id) ? link(id) : id));
  return [say("claim", { id: name }), " ",
    make("a", { href: `${study}#table-claims` }, say("claims_table")),
    ...ids.flatMap((id) => [" \u00b7 ", id])];
}

// Back from a passport: to the row it was opened from.
function comeBack() {
  const target = before && document.querySelector(
    `#tables-of-audit a.id[href="#${CSS.escape(encodeURIComponent(before))}"]`);
  const plain = [...document.querySelectorAll("#tables-of-audit a.id")]
    .find((one) => before && asString(new URL(one.href).hash) === before);
  (target || plain)?.focus();
}

function show(view) {
  shell.hidden = view === null;
  holder.hidden = view !== null;
  if (view === null) return;
  for (const name of VIEWS) document.getElementById(`view-${name}`).hidden = name !== view;
  for (const tab of document.querySelectorAll("nav.views a")) {
    const here = tab.getAttribute("href") === `#${view}`;
    if (here) tab.setAttribute("aria-current", "page");
    else tab.removeAttribute("aria-current");
  }
  const listing = listings[view];
  if (listing && !listing.table && listing.rows.length) listing.start();
}

const titleOfPage = document.title;

async function begin() {
  if (typeof DecompressionStream === "undefined") throw new Error(say("old_browser"));
  await load();
  listings.estimates = new Listing("estimates", data.estimates, estimateColumns(), "",
    (row) => row.text, "estimates.csv");
  const every = (row) => (row.text ??= Object.values(row).join(" ").toLowerCase());
  listings.specifications = new Listing("specifications", data.specifications,
    specificationColumns(), SPECIFICATION, every, "specifications.csv");
  listings.crosscheck = new Listing("crosscheck", data.crosscheck, crosscheckColumns(), "",
    every, "crosscheck.csv");
  document.getElementById("no-crosscheck").hidden = data.crosscheck.length > 0;
  document.getElementById("has-crosscheck").hidden = data.crosscheck.length === 0;
  const run = runFacts();
  document.getElementById("run-facts").append(run ?? paragraph(say("no_run")));
  addEventListener("hashchange", follow);
  await follow();
  document.getElementById("loading").hidden = true;
  window.audit = { knows, data, listings, number, written, ready: true };
}

document.getElementById("print").addEventListener("click", () => window.print());

begin().catch((error) => {
  document.getElementById("loading").hidden = true;
  const told = document.getElementById("broken");
  told.hidden = false;
  told.textContent = error.message;
});
