"""A passport as text for the terminal: sections, aligned columns."""

import textwrap
from collections.abc import Iterator, Sequence
from typing import Any

from reintegration.countries import country_name

INDENT = "  "
MOST = 24  # lines of a list, beyond which the rest is counted; --json has all

DFBETAS_SAY = "a row is influential where |DFBETAs| is above 2/sqrt(n), n the rows used"
FEW_DF = 4  # degrees of freedom below which an interval is wide and its level uncertain
LONGEST = 56  # letters of a covariance's label before its numbers
RESTS = {
    "n_obs": "rows",
    "n_returnees": "returnees",
    "n_identifying": "returnees who identify it",
    "n_mentored": "mentored",
    "n_other": "others",
    "returnees_with": "returnees who gave this answer",
}
ALL_COUNTRIES, PILOT_COUNTRIES = "all countries", "all countries of the pilot"
SIZES = ("min", "p25", "median", "p75", "max")


def lines(found: dict[str, Any], width: int = 100, everything: bool = False) -> Iterator[str]:
    """Write what `explain` found.

    Parameters
    ----------
    width
        Of the terminal.
    everything
        Whether long lists are written in full.
    """
    width = max(60, min(width, 140))
    most = 10**9 if everything else MOST
    yield found["id"]
    if found["claim"]:
        yield from _claim(found["claim"], width)
    if found["estimate"]:
        yield from _estimate(found["estimate"], found["run"], width)
    if found["specification"]:
        yield from _specification(found, width, most)
    if found["estimate"]:
        yield from _evidence(found["estimate"], width, most)
    if found["estimate"]:
        yield from _fewer_controls(found["estimate"].get("fewer_controls") or {}, width)
    if found["specification"]:
        yield from _model(found["specification"], width)
    yield from _elsewhere(found, width)
    yield from _run(found["run"], width)


def _title(text: str) -> list[str]:
    return ["", text.upper()]


def _pairs(pairs: Sequence[tuple[str, Any]], width: int) -> Iterator[str]:
    """Names and what they are, aligned; what is empty is left out."""
    shown = [(name, _text(value)) for name, value in pairs if _text(value)]
    wide = max((len(name) for name, _ in shown), default=0)
    for name, text in shown:
        for number, part in enumerate(text.split("\n")):
            start = f"{INDENT}{name if not number else '':<{wide}}  "
            yield from textwrap.wrap(
                part,
                width,
                initial_indent=start,
                subsequent_indent=" " * len(start),
                break_long_words=False,
                break_on_hyphens=False,
            ) or [start.rstrip()]


def _table(
    head: Sequence[str], rows: Sequence[Sequence[Any]], width: int, most: int = 10**9
) -> Iterator[str]:
    """Rows under their heads: numbers to the right, the last column wrapped."""
    cells = [[_text(cell) for cell in row] for row in rows]
    if not cells:
        return
    wide = [max(len(row[j]) for row in [head, *cells]) for j in range(len(head))]
    right = [
        all(_is_number(row[j]) for row in cells) and any(row[j] for row in cells)
        for j in range(len(head))
    ]
    for row in [list(head), *cells[:most]]:
        line = INDENT + "  ".join(
            cell.rjust(size) if to_right else cell.ljust(size)
            for cell, size, to_right in zip(row[:-1], wide, right, strict=False)
        )
        last = row[-1].rjust(wide[-1]) if right[-1] else row[-1]
        line = f"{line}  {last}" if len(row) > 1 else INDENT + last
        after = len(line) - len(last)
        yield from (
            textwrap.wrap(
                line.rstrip(),
                max(width, after + 20),
                subsequent_indent=" " * after,
                drop_whitespace=True,
                break_long_words=False,
                break_on_hyphens=False,
            )
            if len(line) > width
            else [line.rstrip()]
        )
    if len(cells) > most:
        yield f"{INDENT}... and {len(cells) - most} more (--all)"


def _is_number(text: str) -> bool:
    try:
        float(text.replace(",", "").lstrip("<≤≥") or 0)
    except ValueError:
        return False
    return True


def _text(value: Any) -> str:
    if value is None or value == "":
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.4g}" if abs(value) < 1e5 else f"{value:,.0f}"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, list):
        return ", ".join(map(_text, value))
    return str(value)


def _interval(low: Any, high: Any) -> str:
    return f"[{_text(low)}, {_text(high)}]" if low is not None and high is not None else ""


def _p(value: Any) -> str:
    if value is None:
        return ""
    return "<0.001" if value < 0.001 else f"{value:.3f}"


def _claim(claim: dict[str, str], width: int) -> Iterator[str]:
    yield from _title("Claim")
    names = {"claim_en": "claim", "test": "test", "published": "published",
             "computed": "computed", "verdict": "verdict", "error": "its error",
             "otherwise": "otherwise", "planted": "planted", "reason": "reason"}  # fmt: skip
    yield from _pairs([(said, claim.get(name)) for name, said in names.items()], width)
    yield from _pairs([("made of", (claim.get("estimate_ids") or "").replace(" ", "\n"))], width)


def _estimate(estimate: dict[str, Any], run: dict[str, Any], width: int) -> Iterator[str]:
    level = run.get("confidence_level")
    if estimate["line_key"].get("statistic") == "n":
        estimate = {**estimate, "std_error": None, "conf_low": None}  # a count is not uncertain
    yield from _title("Number")
    key = ", ".join(f"{name} {value}" for name, value in estimate["line_key"].items())
    yield from _pairs(
        [
            ("kind", estimate["kind"]),
            ("describes", estimate.get("describes")),
            ("says", estimate.get("says")),
            ("term", estimate["term"]),
            ("means", estimate["contrast"]),
            ("outcome", estimate["outcome"]),
            ("country", _country(estimate["country"], estimate["file"])),
            ("estimate", estimate["estimate"]),
            ("std. error", estimate["std_error"]),
            ("how", estimate["vcov_label"]),
            (
                f"{level:.0%} interval" if level else "interval",
                _interval(estimate["conf_low"], estimate["conf_high"]),
            ),
            ("p", _p(estimate["p_value"])),
            ("adjusted", _adjusted(estimate.get("adjusted") or {})),
            ("df", estimate["df"]),
            ("few df", _few_df(estimate["df"])),
            ("status", estimate["status"]),
            ("reason", estimate["reason"]),
            ("warnings", "\n".join(estimate["warnings"])),
            ("stands in", f"results/{estimate['file']}: {key}"),
        ],
        width,
    )
    if rests := estimate.get("rests_on"):
        yield from _pairs(
            [("rests on", ", ".join(f"{_text(n)} {RESTS[what]}" for what, n in rests.items()))],
            width,
        )
    if parts := estimate["made_of"]:
        yield from _title(f"Made of {len(parts)} numbers")
        yield from (f"{INDENT}{name}" for name in parts)


def _country(code: str, file: str) -> str:
    """Name the country of an estimate, or what it is over."""
    if code != "all":
        return f"{country_name(code)} ({code})" if code else ""
    return PILOT_COUNTRIES if file.startswith("orion/") else ALL_COUNTRIES


def _few_df(df: Any) -> str:
    """Warn where an error rests on so few degrees of freedom that it says little."""
    if not isinstance(df, int | float) or df >= FEW_DF:
        return ""
    return f"fewer than {FEW_DF} degrees of freedom: the interval and p can hardly be relied on"


def _adjusted(found: dict[str, Any]) -> str:
    """The adjusted p-value with its method and family, then those of the other methods."""
    names = {"p_holm": "Holm", "p_bh": "Benjamini-Hochberg", "p_romano_wolf": "Romano-Wolf"}
    every = ", ".join(f"{names[key]} {_p(found[key])}" for key in names if key in found)
    return "\n".join(part for part in (found.get("says", ""), every) if part)


def _fewer_controls(found: dict[str, Any], width: int) -> Iterator[str]:
    """The coefficient in the shorter columns, and what makes it differ."""
    if not found:
        return
    yield from _title("With fewer controls")
    if found["says"]:
        yield INDENT + found["says"]
    for one in found["columns"]:
        yield from _pairs(
            [(one["specification"], f"{_text(one['estimate'])} ({_text(one['n_obs'])} rows)"),
             ("", one["estimate_id"])], width)  # fmt: skip
        rows = [
            (
                part["group"] or part["part"].replace("_", " "),
                part["estimate"],
                _interval(part["conf_low"], part["conf_high"]),
                part["estimate_id"],
            )
            for part in one["parts"]
        ]
        yield from _table(("change by", "estimate", "interval", "id"), rows, width)


def _specification(found: dict[str, Any], width: int, most: int) -> Iterator[str]:
    spec = found["specification"]
    yield from _title("Specification")
    expanded = spec["expanded"]
    yield from _pairs(
        [
            ("spec_id", found["spec_id"]),
            ("title", spec["title"]),
            ("role", spec["role"]),
            ("declared in", spec["declared_in"]),
            ("formula", spec["formula"]),
            ("sample", spec["sample"]),
            ("estimator", spec["estimator"]),
            ("spec_hash", spec["spec_hash"]),
            ("ledger", "; ".join(_said_of_ledger(found["ledger"]))),
            ("status", spec["status"]),
            ("reason", spec["reason"]),
            ("warnings", "\n".join(spec["warnings"])),
        ],
        width,
    )
    if spec["written"]:
        yield from _title("As written")
        yield from (INDENT + line for line in spec["written"].rstrip().split("\n"))
    yield from _title("As expanded")
    coding = ", ".join(f"{name}: {how}" for name, how in expanded["coding"].items())
    contrasts = "\n".join(
        f"{name}: " + " ".join(f"{weight:+g} {term}" for term, weight in parts.items())
        for name, parts in expanded["contrasts"].items()
    )
    yield from _pairs(
        [
            ("terms", expanded["terms"]),
            ("controls", expanded["controls"]),
            ("coding", coding),
            ("filter", expanded["filter"] or "none"),
            ("fixed effects", expanded["fixed_effects"] or "none"),
            ("weights", expanded["weights"] or "none: every row counts once"),
            ("not recorded", expanded["not_recorded"]),
            ("contrasts", contrasts),
            ("covariances", expanded["vcovs"]),
        ],
        width,
    )
    yield from _title("Rows")
    yield from _pairs(
        [("data_hash", spec["data_hash"]), ("sample_id", spec["sample_id"])],
        width,
    )
    rows = [
        (
            ALL_COUNTRIES if row["country"] == "all" else row["country"],
            row["read"],
            row["used"],
            row["returnees"],
            "; ".join(f"{part['reason']}: {_text(part['rows'])}" for part in row["excluded"]),
        )
        for row in spec["rows"]
    ]
    yield from _table(("country", "read", "used", "returnees", "not used"), rows, width)
    if spec["columns"]:
        count = len(spec["columns"])
        yield from _title(f"Design matrix: {count} column{'' if count == 1 else 's'}")
        columns = [(one["name"], one["variable"], one["vif"]) for one in spec["columns"]]
        yield from _table(("column", "of", "VIF (of factors GVIF^(1/df))"), columns, width, most)
    for one in spec["dropped"]:
        by = _text(one["explained_by"]) or "nothing varies in it"
        yield f"{INDENT}dropped: {one['column']}, explained by {by}"


def _said_of_ledger(ledger: dict[str, str]) -> Iterator[str]:
    """The mark, who chose the specification and when, and what was amended since."""
    when = ledger.get("chosen") or ledger.get("frozen_on", "")
    said = (ledger.get("ledger", "").replace("_", " "), when, ledger.get("ledger_diff", ""))
    return (part for part in said if part)


def _evidence(estimate: dict[str, Any], width: int, most: int) -> Iterator[str]:
    if covariances := estimate.get("covariances"):
        yield from _title("The same coefficient under every covariance")
        yield from _under_each(covariances, width)
    if who := estimate.get("identified_by"):
        yield from _title("Identified by")
        pairs = [("returnees", who["returnees"])]
        for name, one in who["clusters"].items():
            effective = _text(one.get("effective"))
            text = f"{_text(one.get('carrying'))} carry its variation"
            pairs.append((name, text + (f"; effective number {effective}" if effective else "")))
        yield from _pairs(pairs, width)
    influence = estimate.get("influence") or {}
    if not any(influence.values()):
        return
    yield from _title("Influence")
    if influence.get("says"):
        yield from textwrap.wrap(
            influence["says"], width, initial_indent=INDENT, subsequent_indent=INDENT
        )
    out = influence.get("leave_one_country_out", [])
    changed = [
        (f"without {one['country']}", one["estimate"], one.get("change_in_std_errors"),
         one.get("reason", ""))
        for one in out
    ]  # fmt: skip
    changed += [
        (f"{end} without one {one['variable']} {one['label']}".rstrip(), one["estimate"],
         one["change_in_std_errors"], "")
        for one, end in zip(
            influence.get("leave_one_cluster_out", []), ("lowest", "highest") * 9, strict=False
        )
    ]  # fmt: skip
    yield from _table(("", "estimate", "change in std. errors", ""), changed, width, most)
    if moved := influence.get("dfbetas"):
        text = ", ".join(f"{one['dfbetas']:+.3f} (row {one['position']:,})" for one in moved)
        yield from _pairs([("largest DFBETAs", text), ("", DFBETAS_SAY)], width)


def _under_each(covariances: Sequence[dict[str, Any]], width: int) -> Iterator[str]:
    """The numbers under each covariance; then what stands against some, each text once."""
    rows = []
    said: dict[tuple[str, str], list[str]] = {}
    for one in covariances:
        name, *parts = one["label"].split(", ")
        what = "note" if one["status"] == "ok" else "no number"
        shown = one["label"]
        if len(shown) > LONGEST and len(parts) > 1:
            shown = f"{name}, {parts[0]}"
            said.setdefault(("note", ", ".join(parts[1:])), []).append(name)
        if one["status"] == "ok":
            mark = "* " if one.get("estimate_id") else "  "
            numbers = (one.get("std_error"), _interval(one.get("conf_low"), one.get("conf_high")))
            rows.append((mark + shown, *numbers, _p(one.get("p_value")), one.get("df")))
        if one.get("reason"):
            said.setdefault((what, one["reason"].replace(name, "this error")), []).append(name)
    yield from _table(("* in results", "std. error", "interval", "p", "df"), rows, width)
    pairs = [(what, f"{', '.join(names)}: {reason}") for (what, reason), names in said.items()]
    yield from _pairs(pairs, width)


def _model(spec: dict[str, Any], width: int) -> Iterator[str]:
    if spec["clusters"]:
        yield from _title("Clusters, and rows in them")
        rows = [
            (
                one["variable"],
                one["n"],
                *(one["sizes"][name] for name in SIZES),
                f"{one['largest_share']:.1%}",
            )
            for one in spec["clusters"]
        ]
        yield from _table(("variable", "clusters", *SIZES, "share of the largest"), rows, width)
        for one in spec["clusters"]:
            if one["named"]:
                text = ", ".join(f"{name} {_text(n)}" for name, n in one["named"].items())
                yield from _pairs([(f"rows by {one['variable']}", text)], width)
    if spec["diagnostics"]:
        yield from _title("Diagnostics")
        rows = [
            (
                one["name"],
                one["statistic"],
                _text(one["df"]),
                _p(one["p_value"]),
                one["says"],
            )
            for one in spec["diagnostics"]
        ]
        yield from _table(("test", "statistic", "df", "p", "what"), rows, width)
    leverage, alone = spec["leverage"], spec["singletons"]
    if leverage:
        names = {
            "max": "largest leverage",
            "mean": "mean leverage (k/n)",
            "high_rows": "rows above 2k/n",
            "very_high_rows": "rows above 3k/n",
            "exact_rows": "rows that fit themselves",
            "says": "leverage",
        }
        yield from _pairs([(words, leverage.get(key)) for key, words in names.items()], width)
    if alone:
        names = {
            "returnees_once": "returnees with one row",
            "returnees_repeated": "returnees with several",
            "rows_alone_in_effect": "rows alone in a fixed effect",
        }
        yield from _pairs([(words, alone[key]) for key, words in names.items()], width)
    if model := spec["model"]:
        yield from _title("Model")
        yield from _pairs([(name, model[name]) for name in model], width)


def _elsewhere(found: dict[str, Any], width: int) -> Iterator[str]:
    if checks := found["crosscheck"]:
        yield from _title("Cross-check")
        for one in checks:
            shown = [(name, value) for name, value in one.items() if name != "estimate_id"]
            yield from _pairs(shown, width)
    elif found["estimate"].get("compared"):
        yield from _title("Cross-check")
    if found["estimate"].get("compared"):
        yield INDENT + found["estimate"]["compared"]
    yield from _title("Used in")
    places: dict[str, list[str]] = {}
    for one in found["uses"]:
        kind, _, where = one["used_in"].partition(": ")
        places.setdefault(kind, []).append(where)
    if found["claims"]:
        places["claim"] = found["claims"]
    if not places:
        yield f"{INDENT}no table, figure or sentence of the report"
    yield from _pairs([(kind, ", ".join(where)) for kind, where in places.items()], width)


def _run(run: dict[str, Any], width: int) -> Iterator[str]:
    yield from _title("Run")
    changed = {True: " and files changed since", False: "", None: ""}[run.get("changed_files")]
    software = run.get("software", {})
    yield from _pairs(
        [
            ("software", ", ".join(f"{name} {number}" for name, number in software.items())),
            ("commit", (run.get("commit") or "not a checkout") + changed),
            ("seed", str(run.get("seed", ""))),
            ("config", run.get("config_sha256")),
            ("data", "\n".join(f"{name} {sha}" for name, sha in run.get("data", {}).items())),
        ],
        width,
    )
