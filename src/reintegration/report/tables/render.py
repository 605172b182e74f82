"""A table as CSV (one line per number), as LaTeX (booktabs) and as HTML."""

from itertools import groupby

import pandas as pd
from markupsafe import Markup, escape

from reintegration.disclosure import SUPPRESSED
from reintegration.report.numbers import anchor
from reintegration.report.settings import Settings
from reintegration.report.tables.model import GOOD, NOT_ESTIMATED, Cell, Column, Line, Table

CSV_COLUMNS = [
    "table", "row", "row_label", "column", "column_label", "shown", "estimate_id", "value",
    "std_error", "conf_low", "conf_high", "p_value", "n_returnees", "status", "data",
    "p_adjusted", "family", "vcov",
]  # fmt: skip
NUMBERS = ["std_error", "conf_low", "conf_high", "p_value", "p_adjusted"]
TEXTS = ["family", "vcov"]
PORTRAIT, LABEL, NUMBER = 17.0, 5.0, 2.1  # centimetres: of a page, of row labels, of a number
PER_LETTER = 0.19  # centimetres, about
LONG = 14  # characters of a text that is broken into lines where numbers stand
LATEX = {
    "\\": r"\textbackslash{}", "&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_",
    "{": r"\{", "}": r"\}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}",
    "\N{MINUS SIGN}": "$-$", "\N{SUPERSCRIPT TWO}": r"\textsuperscript{2}",
    "\N{SUPERSCRIPT ONE}": r"\textsuperscript{1}",
    "\N{PLUS-MINUS SIGN}": r"$\pm$", "<": r"\textless{}", ">": r"\textgreater{}",
    "\N{LEFT DOUBLE QUOTATION MARK}": "``", "\N{RIGHT DOUBLE QUOTATION MARK}": "''",
    "\N{RIGHT SINGLE QUOTATION MARK}": "'", "\N{MIDDLE DOT}": r"\textperiodcentered{}",
    "\N{EN DASH}": "--", "\N{DAGGER}": r"\textdagger{}",
    "\N{INFINITY}": r"$\infty$", "|": r"\textbar{}", "\n": r" \newline ",
}  # fmt: skip
PAGE_STYLE = (
    "body{font:15px/1.45 system-ui,sans-serif;margin:2rem;color:#1d2733}"
    "table{border-collapse:collapse;font-variant-numeric:tabular-nums}"
    "td,th{padding:.2rem .6rem;text-align:right;vertical-align:top}"
    "tbody th,thead th:first-child,.words{text-align:left}td.words{white-space:pre-line}"
    "thead,tbody:last-of-type{border-bottom:2px solid}.scroll{overflow-x:auto}"
    ".below{display:block;color:#55606c}.mark{color:#a33b00;font-weight:bold}"
)


def is_wide(table: Table) -> bool:
    """Whether a table needs a page turned on its side."""
    longest = max([len(table.stub), *(len(line.label) for line in table.lines)], default=0)
    label = min(LABEL, PER_LETTER * longest)
    return label + sum(column.width or NUMBER for column in table.columns) > PORTRAIT


# ---------------------------------------------------------------- CSV


def to_frame(table: Table, settings: Settings) -> pd.DataFrame:
    """One line per cell, with the estimate behind it; a hidden number leaves no trace."""
    rows = []
    for line in table.lines:
        for column, cell in zip(table.columns, line.cells, strict=False):
            row: dict[str, object] = {
                "table": table.name,
                "row": line.key,
                "row_label": line.label,
                "column": column.key,
                "column_label": ", ".join(filter(None, [column.group, column.label])),
                "shown": " ".join(part.replace("\n", "; ") for part in cell.parts),
                "estimate_id": cell.estimate_id or " ".join(cell.ids),
                "status": cell.reason or cell.status,
                "data": settings.data_label,
            }
            if cell.source and cell.status == GOOD:
                shown = cell.column or cell.source.value_column
                row["value"] = cell.source.get(shown)
                if not cell.column:
                    row |= {name: cell.source.get(name) for name in NUMBERS}
                    row |= {name: cell.source.word(name) for name in TEXTS}
                row["n_returnees"] = cell.source.get("n_returnees")
            rows.append(row)
    return pd.DataFrame(rows, columns=CSV_COLUMNS)


# ---------------------------------------------------------------- LaTeX


def latex(text: str) -> str:
    """Escape a text for LaTeX."""
    return "".join(LATEX.get(character, character) for character in text)


def to_latex(table: Table, settings: Settings) -> str:
    """A `longtable` with booktabs rules and notes below: it may run over several pages."""
    kinds = "".join(f"p{{{column.width}cm}}" if column.words else "r" for column in table.columns)
    names = " & ".join([latex(table.stub), *map(_latex_head, table.columns)])
    head = [r"\toprule", *_latex_groups(table.columns), names + r" \\", r"\midrule"]
    mark = rf"\textbf{{{latex(settings.mark)}.}} " if settings.mark else ""
    wide = is_wide(table)
    packages = ",".join(["booktabs", "longtable", "threeparttablex", *(["pdflscape"] * wide)])
    lines = [
        rf"% Needs \usepackage{{{packages}}} and UTF-8 input.",
        *([r"\begin{landscape}"] if wide else []),
        r"\begingroup\footnotesize\setlength{\tabcolsep}{3pt}",
        r"\begin{ThreePartTable}",
        r"\begin{TableNotes}[flushleft]\footnotesize",
        *(rf"\item {latex(note)}" for note in table.notes or (" ",)),
        r"\end{TableNotes}",
        rf"\begin{{longtable}}{{l{kinds}}}",
        rf"\caption{{{mark}{latex(table.caption)}}}\label{{tab:{table.name}}} \\",
        *head,
        r"\endfirsthead",
        *head,
        r"\endhead",
        r"\bottomrule",
        r"\endfoot",
        r"\bottomrule",
        r"\insertTableNotes",
        r"\endlastfoot",
    ]
    before = None
    for line in table.lines:
        if before is not None and (line.kind == "group" or line.kind != before != "group"):
            lines.append(r"\addlinespace")
        lines += _latex_line(line, table)
        before = line.kind
    ends = [r"\end{longtable}", r"\end{ThreePartTable}", r"\endgroup"]
    return "\n".join([*lines, *ends, *([r"\end{landscape}"] if wide else []), ""])


def _latex_head(column: Column) -> str:
    """A heading; a long one over a number is broken into lines."""
    if column.words:
        return latex(column.label)
    return _latex_broken(column.label, "b")


def _latex_broken(text: str, place: str) -> str:
    """A text in a column of numbers: broken into lines where it is long."""
    if len(text) <= LONG:
        return latex(text)
    return rf"\parbox[{place}]{{{NUMBER}cm}}{{\raggedleft {latex(text)}}}"


def _latex_groups(columns: tuple[Column, ...]) -> list[str]:
    if not any(column.group for column in columns):
        return []
    cells, rules, place = [""], [], 2
    for group, members in groupby(columns, key=lambda column: column.group):
        size = len(list(members))
        cells.append(rf"\multicolumn{{{size}}}{{c}}{{{latex(group)}}}")
        if group:
            rules.append(rf"\cmidrule(lr){{{place}-{place + size - 1}}}")
        place += size
    return [" & ".join(cells) + r" \\", " ".join(rules)]


def _latex_line(line: Line, table: Table) -> list[str]:
    if line.kind == "group":
        width = len(table.columns) + 1
        return [rf"\multicolumn{{{width}}}{{l}}{{\textit{{{latex(line.label)}}}}} \\*"]
    texts = [
        latex(cell.text) if column.words or cell.source else _latex_broken(cell.text, "t")
        for cell, column in zip(line.cells, table.columns, strict=False)
    ]
    first = [latex(line.label), *texts]
    if line.kind == "total":
        first = [rf"\textbf{{{text}}}" if text else "" for text in first]
    lines = [" & ".join(first) + r" \\"]
    for part in ("below", "adjusted"):
        under = [getattr(cell, part) for cell in line.cells]
        if any(under):
            lines[-1] = lines[-1] + "*"  # no page ends between a number and its error
            lines.append(" & ".join(["", *map(latex, under)]) + r" \\")
    return lines


# ---------------------------------------------------------------- HTML


def to_html(table: Table, settings: Settings) -> str:
    """A page of its own that holds nothing but the table; `fragment` takes it out again."""
    language = settings.language
    return Markup(
        '<!doctype html>\n<html lang="{}">\n<head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        "<title>{}</title><style>{}</style></head>\n<body>\n{}\n</body>\n</html>\n"
    ).format(
        language.code,
        " ".join(filter(None, [settings.mark, table.caption])),
        Markup(PAGE_STYLE),
        _figure(table, settings),
    )


def fragment(page: str) -> Markup:
    """Take the table out of a page made by `to_html`."""
    start, end = page.index("<figure"), page.index("</figure>") + len("</figure>")
    return Markup(page[start:end])


def nothing_shown(table: Table, settings: Settings) -> str:
    """Say in one sentence that a table has no estimate to show; empty where it has one.

    Counts beside the estimates and shares of what was not recorded are not looked at.
    """
    cells = [
        cell
        for cell in table.cells
        if not cell.column and not (cell.source and cell.source.word("answer") == "not_recorded")
    ]
    if not cells or any(cell.status != NOT_ESTIMATED for cell in cells):
        return ""
    own = f"tables.empty_of.{table.name}"
    if settings.language.has(own):
        return settings.language.plain(own)
    return settings.language.plain("tables.empty", reason=cells[-1].reason.rstrip("."))


def _figure(table: Table, settings: Settings) -> Markup:
    mark = Markup('<span class="mark">{}</span> ').format(settings.mark) if settings.mark else ""
    files = sorted({cell.source.file for cell in table.cells if cell.source and cell.source.file})
    links = Markup(", ").join(
        Markup('<a href="#{}">results/{}</a>').format(anchor(file), file) for file in files
    )
    empty = nothing_shown(table, settings)
    notes = [Markup("<p>{}</p>").format(note) for note in ([empty] if empty else table.notes)]
    if files:
        notes.append(Markup("<p>{} {}</p>").format(settings.language.plain("tables.from"), links))
    grid = Markup(
        '<div class="scroll" tabindex="0" role="region" aria-labelledby="caption-{name}">'
        '<table aria-labelledby="caption-{name}">\n{head}\n{body}\n</table></div>\n'
    ).format(name=table.name, head=_head(table), body=_body(table))
    return Markup(
        '<figure class="table" id="table-{name}">\n'
        '<figcaption id="caption-{name}">{mark}{caption}</figcaption>\n'
        '{grid}<div class="notes">{notes}</div>\n</figure>'
    ).format(
        name=table.name, mark=mark, caption=table.caption, grid="" if empty else grid,
        notes=Markup("").join(notes),
    )  # fmt: skip


def _head(table: Table) -> Markup:
    groups = Markup("")
    if any(column.group for column in table.columns):
        cells = Markup("").join(
            Markup('<th scope="colgroup" class="over" colspan="{}">{}</th>').format(
                len(list(members)), group
            )
            for group, members in groupby(table.columns, key=lambda column: column.group)
        )
        groups = Markup("<tr><td></td>{}</tr>\n").format(cells)
    names = Markup("").join(
        Markup('<th scope="col"{}>{}</th>').format(_words(column), column.label)
        for column in table.columns
    )
    return Markup('<thead>\n{}<tr><th scope="col">{}</th>{}</tr>\n</thead>').format(
        groups, table.stub, names
    )


def _words(column: Column) -> Markup:
    return Markup(' class="words"') if column.words else Markup("")


def _body(table: Table) -> Markup:
    parts = []
    for line in table.lines:
        if line.kind == "group":
            parts.append(
                Markup('<tr class="group"><th scope="rowgroup" colspan="{}">{}</th></tr>').format(
                    len(table.columns) + 1, line.label
                )
            )
            continue
        cells = Markup("").join(
            _cell(cell, column) for cell, column in zip(line.cells, table.columns, strict=False)
        )
        parts.append(
            Markup('<tr class="{}"><th scope="row">{}</th>{}</tr>').format(
                line.kind, line.label, cells
            )
        )
    return Markup("<tbody>\n{}\n</tbody>").format(Markup("\n").join(parts))


def _cell(cell: Cell, column: Column) -> Markup:
    below = Markup("").join(
        Markup('<span class="below">{}</span>').format(part)
        for part in (cell.below, cell.adjusted)
        if part
    )
    kind = "words" if column.words else cell.status if cell.status in (SUPPRESSED,) else ""
    attributes = Markup(' class="{}"').format(kind) if kind else Markup("")
    if cell.ids:
        names = " ".join(cell.ids)
        attributes += Markup(' data-estimate-id="{0}" title="{0}"').format(names)
    if cell.source:
        where = cell.source.where
        if cell.reason:
            where = f"{cell.reason} \N{MIDDLE DOT} {where}"
        attributes += Markup(' data-estimate-id="{}" title="{}"').format(cell.estimate_id, where)
    return Markup("<td{}>{}{}</td>").format(attributes, escape(cell.text), below)
