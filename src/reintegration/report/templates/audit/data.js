// What the page holds: compressed tables, and passports in blocks that are opened when asked for.

async function unpack(id) {
  const letters = atob(document.getElementById(id).textContent.trim());
  const bytes = Uint8Array.from(letters, (letter) => letter.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return JSON.parse(await new Response(stream).text());
}

const blocks = new Map();

async function block(place) {
  if (!blocks.has(place)) blocks.set(place, await unpack(`block-${place}`));
  return blocks.get(place);
}

// Rows as objects, by id; `data` is filled by `load`.
const data = {};

async function load() {
  const tables = await unpack("tables");
  const rows = tables.estimates.map((cells) =>
    Object.fromEntries(tables.columns.map((name, place) => [name, cells[place]])));
  for (const row of rows) {
    const parts = [row.id, row.spec, row.title, row.outcome, row.term, row.country, row.vcov,
      row.contrast, row.formula, word(row.status), word(row.role), row.reason];
    row.text = parts.filter(Boolean).join(" ").toLowerCase();
  }
  Object.assign(data, {
    estimates: rows,
    byId: new Map(rows.map((row) => [row.id, row])),
    specifications: tables.specifications,
    specById: new Map(tables.specifications.map((spec) => [spec.id, spec])),
    crosscheck: tables.crosscheck,
    claims: new Map(Object.entries(tables.claims ?? {})),
    run: tables.run,
    passports: tables.passports,
  });
}

// The passport of an estimate: what it shares with its first covariance, then its own.
async function passportOf(row) {
  const found = await block(row.block);
  const own = found.estimates[row.id] ?? {};
  const shared = own.same_as ? found.estimates[own.same_as] ?? {} : {};
  const notShared = ["row", "uses", "crosscheck"];
  const base = Object.fromEntries(
    Object.entries(shared).filter(([name]) => !notShared.includes(name)));
  return { ...base, ...own };
}

async function specificationOf(id) {
  const spec = data.specById.get(id);
  if (!spec) return {};
  return (await block(spec.block)).specifications[id] ?? {};
}
