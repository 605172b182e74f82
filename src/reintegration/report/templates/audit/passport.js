// The passport of an estimate, and of a specification, as a page.

async function showEstimate(row) {
  const passport = await passportOf(row);
  const spec = await specificationOf(row.spec);
  const about = data.specById.get(row.spec);
  return withJumps(make("article", { "data-estimate-id": row.id, "aria-labelledby": "passport-title" },
    make("p", { class: "kicker" }, say(`kinds.${row.kind}`)),
    make("h2", { id: "passport-title", tabindex: "-1" }, titleOf(row)),
    make("p", { class: "permalink" }, link(row.id)),
    headline(row, passport),
    paragraph(passport.describes ? say("describes", { what: passport.describes })
      : sentence(row, about)),
    data.passports || row.kind === "description" ? null : paragraph(say("no_passports"), "note"),
    paragraph(passport.says),
    covariances(row, passport),
    fewerControls(row, passport),
    madeOf(passport),
    written_down(row, spec, about),
    account(spec),
    columnsOf(spec),
    clusters(passport, spec),
    influence(row, passport, spec),
    diagnostics(spec),
    crosscheck(passport),
    codeOf(spec, row.spec),
    uses(passport),
    origin(row, passport, spec),
    versions()));
}

// A list of the sections, which moves to each without another address.
function withJumps(article) {
  const headings = [...article.querySelectorAll("section > h3")];
  if (headings.length < 4) return article;
  const list = make("nav", { class: "jumps", "aria-label": say("jumps") }, headings.map((heading) => {
    heading.setAttribute("tabindex", "-1");
    const button = make("button", { type: "button" }, heading.textContent);
    button.addEventListener("click", () => {
      heading.scrollIntoView();
      heading.focus({ preventScroll: true });
    });
    return button;
  }));
  article.querySelector(".permalink").after(list);
  return article;
}

// What is long stands folded, with its size.
function folded(count, name, content) {
  if (!content || count <= 12) return content;
  return make("details", {}, make("summary", {}, say("folded", { count: number(count), name })), content);
}

function titleOf(row) {
  const parts = [row.term, row.country, row.outcome].filter(Boolean);
  const title = [...new Set(parts)].join(" \u00b7 ") || row.id;
  return title.charAt(0).toUpperCase() + title.slice(1);
}

function headline(row, passport) {
  const warnings = [].concat(passport.warnings ?? []).filter(Boolean);
  if (typeof row.estimate !== "number") {
    return make("div", { class: "headline missing" },
      make("p", { class: "estimate" }, word(row.status)),
      paragraph(row.reason));
  }
  const value = written(row.estimate, row.how, row.error);
  const range = interval(row.low, row.high, row.how, row.error);
  const counted = [["rows", row.rows], ["returnees", row.returnees], ["clusters", row.clusters]]
    .filter(([, count]) => count !== null)
    .map(([name, count]) => [say(`columns.${name}`), number(count)]);
  return make("div", { class: "headline" },
    make("p", { class: "estimate" }, make("b", {}, value),
      range ? make("span", {}, ` ${say("interval", { level: setup.level, interval: range })}`) : null),
    facts([
      [say("columns.error"), typeof row.error === "number" && row.how !== "count"
        ? written(row.error, row.how, row.error) : ""],
      [say("columns.p"), pValue(row.p)],
      [say("columns.adjusted"), adjustedOf(row, passport)],
      [say("columns.vcov"), row.vcov],
      [say("few_df"), typeof passport.df === "number" && passport.df < setup.few_df
        ? say("few_df_note", { df: plain(passport.df), least: number(setup.few_df) }) : ""],
      ...counted,
      [say("columns.status"), word(row.status)],
      [say("columns.ledger"), ledgerOf(data.specById.get(row.spec)) || word(row.ledger)],
      [say("warnings"), (warnings.join("; ") || (row.status === "ok" ? row.reason : "")) ?? ""],
    ]));
}

// The adjusted p-value with its method and family, and what other methods make of it.
function adjustedOf(row, passport) {
  const found = passport.adjusted;
  if (!found) return pValue(row.adjusted);
  const others = ["p_holm", "p_bh", "p_romano_wolf"].filter((key) => typeof found[key] === "number")
    .map((key) => say(`adjusted.${key}`, { p: pValue(found[key]) }));
  return [say("adjusted.of", { p: pValue(found.p_adjusted), method: found.method,
    family: found.family, members: number(found.members) }), ...others].join("; ");
}

// The coefficient in the shorter columns of its specification, and what makes it differ.
function fewerControls(row, passport) {
  const found = passport.fewer_controls;
  if (!found) return null;
  const known = (id, text) => (data.byId.has(id) ? link(id, text) : text ?? id);
  return section("fewer_controls", paragraph(found.says, "note"), found.columns.map((one) => [
    make("p", {}, `${one.specification}: `,
      known(one.estimate_id, written(one.estimate, row.how, row.error)),
      ` (${number(one.n_obs)} ${say("columns.rows").toLowerCase()})`),
    grid([
      [say("columns.part"), (part) => known(part.estimate_id, word(part.group || part.part)), true],
      [say("columns.estimate"), (part) => written(part.estimate, row.how, part.std_error)
        || word(part.status)],
      [say("columns.interval"), (part) =>
        interval(part.conf_low, part.conf_high, row.how, part.std_error)],
      [say("columns.p"), (part) => pValue(part.p_value)],
    ], one.parts, say("fewer_caption", { specification: one.specification })),
  ]).flat());
}

function sentence(row, spec) {
  const values = { term: row.term, outcome: row.outcome, country: row.country,
    contrast: row.contrast, title: spec?.title ?? "", file: row.file };
  const key = row.kind === "description" ? "description" : row.kind === "derived" ? "derived"
    : spec?.title ? "regression" : "regression_untitled";
  const said = [say(`sentences.${key}`, values)];
  if (row.outcome && row.kind !== "description") said.push(say("sentences.outcome", values));
  if (row.contrast) said.push(say("sentences.contrast", values));
  return said.join(" ");
}

function covariances(row, passport) {
  const all = passport.covariances ?? [];
  if (!all.length) return null;
  const lines = all.filter((one) => typeof one.conf_low === "number").map((one) => ({
    label: one.label, value: passport.estimate ?? row.estimate, low: one.conf_low,
    high: one.conf_high, strong: one.estimate_id === row.id,
  }));
  return section("covariances",
    paragraph(say("covariances_note", { level: setup.level })),
    all.some((one) => typeof one.df === "number" && one.df < setup.few_df)
      ? paragraph(say("few_df_others", { least: number(setup.few_df) }), "note") : null,
    dotPlot(lines, say("covariances_plot")),
    grid([
      [say("columns.vcov"), (one) => (one.estimate_id && data.byId.has(one.estimate_id)
        ? link(one.estimate_id, one.label) : one.label), true],
      [say("columns.error"), (one) => plain(one.std_error)],
      [say("columns.df"), (one) => plain(one.df)],
      [say("columns.p"), (one) => pValue(one.p_value)],
      [say("columns.low"), (one) => written(one.conf_low, row.how, one.std_error)],
      [say("columns.high"), (one) => written(one.conf_high, row.how, one.std_error)],
      [say("columns.status"), (one) => [word(one.status), one.reason].filter(Boolean).join(": "), true],
    ], all, say("sections.covariances"), (one) => (one.estimate_id === row.id ? "here" : "")));
}

function madeOf(passport) {
  const ids = passport.made_of ?? [];
  return section("made_of", ids.length ? make("ul", { class: "ids" },
    ids.map((id) => make("li", {}, data.byId.has(id) ? link(id) : id))) : null);
}

// Named like this since `written` writes numbers.
function written_down(row, spec, about) {
  const formula = row.formula || spec.formula || about?.formula;
  if (!formula && !row.spec) return null;
  return section("specification",
    facts([
      [say("columns.spec"), row.spec && data.specById.has(row.spec)
        ? link(`specification:${row.spec}`, row.spec) : row.spec],
      [say("columns.title"), spec.title || about?.title],
      [say("columns.role"), word(row.role || spec.role)],
      [say("columns.formula"), formula ? make("code", {}, formula) : ""],
      [say("columns.sample"), spec.sample || about?.sample],
      [say("columns.estimator"), spec.estimator || about?.estimator],
      [say("columns.refit_of"), about?.refit_of && data.specById.has(about.refit_of)
        ? link(`specification:${about.refit_of}`, about.refit_of) : about?.refit_of],
      [say("columns.family"), about?.family],
      [say("declared_in"), spec.declared_in],
      [say("columns.ledger"), ledgerOf(about)],
    ]),
    code(about?.ledger_diff, say("ledger_diff")),
    code(spec.written, say("as_written")),
    code(spec.expanded, say("as_expanded")));
}

// The mark, and who chose the specification, when, and knowing what.
function ledgerOf(about) {
  return [word(about?.ledger), about?.chosen || about?.frozen_on].filter(Boolean).join(": ");
}

function account(spec) {
  const rows = spec.rows ?? [];
  const reasons = [...new Set(rows.flatMap((row) => row.excluded ?? []).map((one) => one.reason))];
  const of = (row, reason) => (row.excluded ?? []).find((one) => one.reason === reason);
  return section("rows", rows.length ? paragraph(say("rows_note", { minimum: number(setup.minimum) })) : null, grid([
    [say("columns.country"), (row) => countryName(row.country), true],
    [say("columns.read"), (row) => number(row.read)],
    ...reasons.map((reason) => [reason, (row) => number(of(row, reason)?.rows ?? 0)]),
    [say("columns.used"), (row) => number(row.used)],
    [say("columns.returnees"), (row) => number(row.returnees)],
  ], rows, say("sections.rows"), (row) => (row.country === "all" ? "total" : "")));
}

function countryName(code) {
  if (!code || code === "all") return say("all_countries");
  return setup.countries[code] ?? code;
}

function columnsOf(spec) {
  const dropped = spec.dropped ?? [];
  return section("columns",
    folded((spec.columns ?? []).length, say("columns.n_columns"), grid([
      [say("columns.column"), (one) => one.name, true],
      [say("columns.variable"), (one) => one.variable, true],
      [say("columns.vif"), (one) => plain(one.vif)],
    ], spec.columns, say("sections.columns"))),
    (spec.columns ?? []).length ? paragraph(dropped.length ? say("dropped_some") : say("dropped_none")) : null,
    dropped.length ? make("ul", {}, dropped.map((one) => make("li", {},
      make("code", {}, one.column),
      (one.explained_by ?? []).length ? ` ${say("explained_by", { columns: one.explained_by.join(", ") })}` : ""))) : null);
}

function clusters(passport, spec) {
  const by = passport.identified_by ?? {};
  const once = spec.singletons ?? {};
  const carrying = Object.entries(by.clusters ?? {});
  return section("clusters",
    facts([
      [say("identified_by"), number(by.returnees)],
      ...carrying.map(([name, one]) => [say("carried_by", { variable: name }),
        say("carried", { carrying: number(one.carrying), effective: plain(one.effective) })]),
      [say("returnees_once"), number(once.returnees_once)],
      [say("returnees_repeated"), number(once.returnees_repeated)],
      [say("rows_alone"), number(once.rows_alone_in_effect)],
    ]),
    grid([
      [say("columns.cluster"), (one) => one.variable, true],
      [say("columns.number"), (one) => number(one.n)],
      ...["min", "p25", "median", "p75", "max"].map((name) =>
        [say(`columns.${name}`), (one) => plain(one.sizes?.[name])]),
      [say("columns.largest"), (one) => written(one.largest_share, "share")],
    ], spec.clusters, say("cluster_sizes")),
    (spec.clusters ?? []).filter((one) => one.named).map((one) => folded(one.n,
      say("cluster_rows", { variable: one.variable }), grid([
        [one.variable, ([code]) => countryName(code), true],
        [say("columns.rows"), ([, rows]) => number(rows)],
      ], Object.entries(one.named), say("cluster_rows", { variable: one.variable })))));
}

function influence(row, passport, spec) {
  const found = passport.influence ?? {};
  const countries = found.leave_one_country_out ?? [];
  const places = found.leave_one_cluster_out ?? [];
  const lines = countries.map((one) => ({ label: countryName(one.country), value: one.estimate }));
  const rows = row.rows ?? spec.model?.n_obs;
  const value = passport.estimate ?? row.estimate;
  // Of each variable the cluster without which the estimate is lowest, then the highest.
  const ends = (one) => say(places.indexOf(one) % 2 ? "highest_without" : "lowest_without");
  const moved = [
    [say("columns.estimate"), (one) => written(one.estimate, row.how, row.error)],
    [say("columns.moved"), (one) => plain(one.change_in_std_errors)],
    ...([...countries, ...places].some((one) => one.reason)
      ? [[say("columns.reason"), (one) => one.reason, true]] : []),
  ];
  return section("influence",
    countries.length ? paragraph([say("influence_note"), found.says].filter(Boolean).join(" ")) : null,
    dotPlot(lines, say("influence_plot"), value),
    grid([[say("columns.left_out"), (one) => countryName(one.country), true], ...moved],
      countries, say("leave_country")),
    grid([
      [say("columns.cluster"), (one) => [one.variable, one.label ? countryName(one.label) : ends(one)].join(": "), true],
      ...moved,
    ], places, say("leave_cluster")),
    (found.dfbetas ?? []).length && typeof rows === "number"
      ? paragraph(say("dfbetas_note", { limit: number(2 / Math.sqrt(rows), 3) })) : null,
    grid([
      [say("columns.position"), (one) => number(one.position)],
      [say("columns.dfbetas"), (one) => plain(one.dfbetas)],
    ], found.dfbetas, say("largest_dfbetas")));
}

function diagnostics(spec) {
  const leverage = spec.leverage ?? {};
  const model = spec.model ?? {};
  return section("diagnostics",
    facts([
      [say("columns.rows"), number(model.n_obs)],
      [say("columns.returnees"), number(model.n_returnees)],
      [say("columns.n_columns"), number(model.n_columns)],
      [say("columns.df"), plain(model.df_resid)],
      [say("columns.r2"), plain(model.r2)],
      [say("columns.r2_within"), plain(model.r2_within)],
      [say("leverage_max"), plain(leverage.max)],
      [say("leverage_mean"), plain(leverage.mean)],
      [say("leverage_high"), number(leverage.high_rows)],
      [say("leverage_very_high"), number(leverage.very_high_rows)],
      [say("leverage_exact"), number(leverage.exact_rows)],
    ]),
    grid([
      [say("columns.test"), (one) => one.name, true],
      [say("columns.statistic"), (one) => plain(one.statistic)],
      [say("columns.df"), (one) => [].concat(one.df ?? []).map(plain).join(", ")],
      [say("columns.p"), (one) => pValue(one.p_value)],
      [say("columns.says"), (one) => one.says, true],
    ], spec.diagnostics, say("sections.diagnostics")));
}

function crosscheck(passport) {
  return section("crosscheck", paragraph(passport.compared, "note"),
    crosscheckTable(passport.crosscheck));
}

function crosscheckTable(lines) {
  return grid([
    [say("columns.engine"), (one) => one.engine, true],
    [say("columns.agrees"), (one) => word(one.agrees) || say("not_compared"), true],
    [say("columns.ours"), (one) => exact(one.ours)],
    [say("columns.theirs"), (one) => exact(one.estimate)],
    [say("columns.difference"), (one) => plain(one.diff_in_std_errors)],
    [say("columns.ours_error"), (one) => exact(one.ours_std_error)],
    [say("columns.theirs_error"), (one) => exact(one.std_error)],
    [say("columns.rel_error"), (one) => plain(one.rel_diff_std_error)],
    [say("columns.reason"), (one) => one.reason, true],
  ], lines, say("sections.crosscheck"));
}

// To nine significant digits, for comparisons.
function exact(value) {
  return typeof value === "number" ? String(Number(value.toPrecision(9))).replace("-", MINUS) : "";
}

function codeOf(spec, id) {
  const found = Object.entries(spec.code ?? {});
  return section("code", found.length ? paragraph(say("code_note")) : null,
    found.map(([language, text]) => code(text, `${language}: ${id}`)));
}

function uses(passport) {
  const places = passport.uses ?? [];
  return section("uses", places.length
    ? make("ul", {}, places.map((one) => make("li", {}, make("a", { href: one.href }, one.place))))
    : paragraph(say("not_used")));
}

function origin(row, passport, spec) {
  return section("origin",
    paragraph(say("where", { file: row.file, line: number(row.line) })),
    facts([
      [say("sample_id"), spec.sample_id || passport.row?.sample_id],
      [say("data_hash"), spec.data_hash],
      [say("spec_hash"), spec.spec_hash || data.specById.get(row.spec)?.spec_hash],
    ].map(([name, value]) => [name, value ? make("code", {}, value) : ""])),
    passport.row ? make("details", {}, make("summary", {}, say("whole_row")),
      facts(Object.entries(passport.row).map(([name, value]) => [name, String(value)]))) : null);
}

function versions() {
  const run = data.run ?? {};
  return section("versions", facts([
    [runWord("commit"), run.commit],
    [runWord("changed_files"), yesNo(run.changed_files)],
    [runWord("seed"), run.seed === undefined ? "" : String(run.seed)],
    [runWord("config_sha256"), run.config_sha256],
  ]), make("p", {}, make("a", { href: "#run" }, say("whole_run"))));
}

const RUN_FIRST = ["commit", "changed_files", "seed", "config_sha256", "data", "lock_sha256", "code"];

function yesNo(value) {
  return value === true ? say("yes") : value === false ? say("no") : value ?? "";
}

// Versions, commit, hashes and seed of the run.
function runFacts() {
  const run = data.run ?? {};
  const flat = ([name, value]) => (value !== null && typeof value === "object"
    ? Object.entries(value).map(([part, one]) => [`${runWord(name)}: ${part}`, one])
    : [[runWord(name), yesNo(value)]]);
  const names = [...new Set([...RUN_FIRST, ...Object.keys(run)])].filter((name) => name in run);
  return facts(names.map((name) => [name, run[name]]).flatMap(flat).map(([name, value]) => [name, String(value ?? "")]));
}

function runWord(name) {
  return has(`run.${name}`) ? say(`run.${name}`) : name.replaceAll("_", " ");
}

// How many estimates of a specification R agrees with.
function checkedOf(own) {
  const counted = (answer) => own.filter((one) => one.crosscheck === answer).length;
  if (!counted("yes") && !counted("no")) return null;
  return paragraph(say("checked_of", { yes: number(counted("yes")), no: number(counted("no")),
    rest: number(own.length - counted("yes") - counted("no")) }));
}

async function showSpecification(about) {
  const spec = await specificationOf(about.id);
  const row = { ...about, spec: about.id, kind: "specification" };
  const own = data.estimates.filter((one) => one.spec === about.id);
  return withJumps(make("article", { "data-spec-id": about.id, "aria-labelledby": "passport-title" },
    make("p", { class: "kicker" }, say("kinds.specification")),
    make("h2", { id: "passport-title", tabindex: "-1" },
      [about.title, about.outcome].filter(Boolean).join(" \u00b7 ") || about.id),
    make("p", { class: "permalink" }, link(`specification:${about.id}`, about.id)),
    facts([
      [say("columns.ledger"), ledgerOf(about)],
      [say("columns.vcov"), about.vcov],
      [say("columns.status"), word(spec.status)],
      [say("columns.reason"), spec.reason],
      [say("warnings"), [].concat(spec.warnings ?? []).join("; ")],
    ]),
    written_down(row, spec, about),
    section("estimates", folded(own.length, say("sections.estimates"), grid([
      [say("columns.term"), (one) => link(one.id, [...new Set([one.term, one.country])].filter(Boolean).join(" \u00b7 ")), true],
      [say("columns.estimate"), (one) => written(one.estimate, one.how, one.error) || word(one.status)],
      [say("columns.interval"), (one) => interval(one.low, one.high, one.how, one.error)],
      [say("columns.p"), (one) => pValue(one.p)],
      [say("columns.vcov"), (one) => one.vcov, true],
    ], own, say("sections.estimates")))),
    account(spec),
    columnsOf(spec),
    clusters({}, spec),
    diagnostics(spec),
    section("crosscheck", checkedOf(own)),
    codeOf(spec, about.id),
    versions()));
}
