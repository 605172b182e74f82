"""The page: one HTML file that holds the whole study and needs no network."""

import base64
import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from reintegration.report import method, story
from reintegration.report.language import in_sentence
from reintegration.report.links import AUDIT, link_cells, passport
from reintegration.report.numbers import Numbers, anchor, read_results
from reintegration.report.outputs import (
    FIGURES,
    PAGE_INPUTS,
    RESULTS,
    TABLE_FORMATS,
    numbered_tables,
    regression_tables,
    table_names,
)
from reintegration.report.provenance import ORIGINS
from reintegration.report.select import (
    CHANGES,
    SURVEYS,
    described,
)
from reintegration.report.settings import Settings
from reintegration.report.tables.render import fragment
from reintegration.report.wording import Words
from reintegration.tables_io import read_csv, write_csv

TEMPLATES = Path(__file__).parent / "templates"
USES_FILE = "results/audit/uses.csv"
CONTENTS: dict[str, tuple[str, ...]] = {
    "summary": (),
    "question": (),
    "data": ("flow", "cleaning", "sample", "migration", "instrument"),
    "method": (),
    "results": (
        "scores",
        "countries",
        "assistance",
        "network",
        "items",
        "trends",
        "orion",
        "further",
    ),
    "claims": (),
    "limits": (),
    "reproduce": (),
    "provenance": (),
}
SHOWN_IN_TEXT = "text: "


def run_page(
    inputs: Mapping[str, str | Path],
    page: str | Path,
    uses: str | Path,
    config: Mapping[str, Any],
    *,
    figures: str | Path,
    tables: str | Path,
) -> None:
    """Write the page, and which number was used where.

    Parameters
    ----------
    inputs
        Files of results by name: `outputs.PAGE_INPUTS`.
    page, uses
        The HTML file and the CSV file to write.
    config
        The whole configuration, plain.
    figures, tables
        Folders with the files of `outputs.figure_files` and `outputs.table_files`.

    Raises
    ------
    StudyError
        If a file of results is missing or is not a table, or if the page asks for a number
        that no result holds.
    """
    settings = Settings.from_config(config)
    frames = read_results(inputs, PAGE_INPUTS)
    hidden = described(
        frames["descriptives"], settings.minimum_cell, settings.codebook.shares
    ).record["estimate_id"]
    numbers = Numbers(frames, settings.language, hidden, settings.minimum_cell)
    words = Words(numbers, frames, settings)
    folders = {"figure": Path(figures), "table": Path(tables)}
    told = tell(words)
    prose = numbers.uses
    names = table_names(settings.specifications)
    record_exhibits(numbers, folders, names)
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined,
        trim_blocks=False,
    )  # fmt: skip
    language = settings.language
    html = environment.get_template("study.html").render(
        language=language.code,
        title=settings.study.title,
        mark=settings.mark,
        banner=language.say("page.banner", world=_world(settings)) if settings.simulated else "",
        css=Markup((TEMPLATES / "study.css").read_text(encoding="utf-8")),
        say=language.say,
        texts=lambda key: [Markup(text) for text in language.text(key)],
        contents=_contents(settings),
        story=told,
        left_out=story.something_left_out(words),
        figures={name: _figure(name, folders["figure"], words) for name in FIGURES},
        tables={name: _table(name, folders["table"], settings, Path(page)) for name in names},
        further=_further(settings),
        instruments=language.instruments,
        compared=bool(len(frames["claims"])),
        question=_question(settings),
        asked=_asked(settings),
        instrument=method.instrument(settings, config),
        method=method.method_texts(words, config, folders),
        specifications_word=_table_word("specifications", settings),
        specifications=method.specifications(frames["specs"], settings),
        reproduce=method.reproduce(words, config),
        choices=method.choices(config),
        uses_file=Markup("<code>{}</code>").format(USES_FILE),
        origins=_origins(),
        prose=_prose(prose),
        audit=AUDIT,
        audit_words=language.plain("audit_page.link"),
    )
    page = Path(page)
    page.parent.mkdir(parents=True, exist_ok=True)
    page.write_text(html, encoding="utf-8")
    write_csv(numbers.uses, uses)


def _asked(settings: Settings) -> str:
    """Name the question that has a section of its own."""
    share = next(iter(settings.codebook.shares.values()), None)
    if share is None:
        return settings.language.plain("page.results.network")
    return settings.language.variable(share.item)


def _question(settings: Settings) -> list[Markup]:
    """What is asked, and how each instrument measures it."""
    language = settings.language
    first, *rest = (Markup(text) for text in language.text("page.question.paragraphs"))
    measured = []
    for part in settings.codebook.instruments:
        many = len(part.dimensions) > 1
        labels = [in_sentence(language.score(name)) for name in part.dimensions]
        measured.append(
            language.say(
                f"page.question.measured_{'many' if many else 'one'}",
                instrument=part.title.in_language(language.code),
                dimensions=language.join(labels),
            )
        )
    return [Markup(" ").join([first, *measured]), *rest]


def _world(settings: Settings) -> str:
    return settings.data.world.stem if settings.data.world else ""


# ---------------------------------------------------------------- what it says


def tell(words: Words) -> dict[str, list[Markup]]:
    """Collect the sentences of every section; each number's use is recorded with its section."""
    focus = list(words.frames["descriptives"]["country"].dropna().unique())
    country = _focus(focus, words.settings)
    sections = {
        "sample": ("data", lambda: story.sample(words)),
        "sources": ("data", lambda: story.sources(words)),
        "not_asked": ("data", lambda: story.not_asked(words)),
        "migration": ("data", lambda: story.migration(words)),
        "scores": ("results: scores", lambda: story.scores(words)),
        "countries": (
            "results: countries",
            lambda: [*story.countries(words), *story.asked_differently(words)],
        ),
        "importance": ("results: countries", lambda: story.importance(words)),
        "levels": ("results: assistance", lambda: _assistance(words, SURVEYS)),
        "changes": ("results: assistance", lambda: _assistance(words, CHANGES)),
        "network": ("results: network", lambda: story.network(words, country)),
        "trends": ("results: trendlines", lambda: story.trends(words)),
        "orion": (
            "results: ORION",
            lambda: [
                *story.orion_not_studied(words),
                *story.orion(words),
                *story.orion_elsewhere(words),
                *story.orion_size(words),
                *story.orion_disputed(words),
            ],
        ),
        "orion_changes": ("results: ORION", lambda: story.orion_changes(words)),
        "ledger": ("method", lambda: story.ledger(words)),
        "claims": ("claims", lambda: story.claims(words)),
        "summary": ("summary", lambda: _summary(words)),
    }
    told = {}
    for name, (place, sentences) in sections.items():
        with words.numbers.used_in(SHOWN_IN_TEXT + place):
            told[name] = list(sentences())
    return told


def _assistance(words: Words, data: str) -> list[Markup]:
    return [*story.assistance(words, data), *story.assistance_disputed(words, data)]


def _summary(words: Words) -> list[Markup]:
    """The first sentence of each result, and the adjusted effect of mentoring."""
    comparator = words.settings.orion.comparators[0]
    parts = [
        list(story.countries(words))[:2],
        list(story.importance(words)),
        list(story.assistance(words, SURVEYS))[:1],
        list(story.assistance(words, CHANGES))[:1],
        list(story.trends(words))[:1],
        list(story.orion(words, comparator))[-1:],
        list(story.orion_disputed(words))[:1],
    ]
    return [sentence for part in parts for sentence in part]


def _focus(countries: list[str], settings: Settings) -> str | None:
    wanted = ["GIN", *settings.orion.countries, *sorted(countries)]
    return next((code for code in wanted if code in countries and code != "all"), None)


def record_exhibits(numbers: Numbers, folders: Mapping[str, Path], tables: Sequence[str]) -> None:
    """Record every estimate that a figure or a table shows, from the data beside it."""
    for kind, names in (("figure", FIGURES), ("table", tables)):
        for name in names:
            frame = read_csv(folders[kind] / f"{name}.csv")
            if "estimate_id" not in frame:
                continue
            for cell in frame["estimate_id"].dropna().astype(str):
                for estimate_id in cell.split():
                    numbers.record(estimate_id, f"{kind}: {name}")


# ---------------------------------------------------------------- figures and tables


def _figure(name: str, folder: Path, words: Words) -> dict[str, Any]:
    svg = (folder / f"{name}.svg").read_bytes()
    size = re.search(rb'viewBox="0 0 ([\d.]+) ([\d.]+)"', svg)
    width, height = (round(float(number) * 4 / 3) for number in size.groups()) if size else (880, 0)
    language = words.settings.language
    return {
        "number": FIGURES.index(name) + 1,
        "src": "data:image/svg+xml;base64," + base64.b64encode(svg).decode(),
        "alt": language.plain(f"figures.{name}.alt"),
        "caption": language.plain(f"figures.{name}.caption", **_caption_values(words)),
        "width": width,
        "height": height,
        "file": f"results/figures/{name}.csv",
    }


def _caption_values(words: Words) -> dict[str, str]:
    language, lines = words.settings.language, words.frames["lines"]
    shown = "within" if (lines["method"] == "within").any() else "pooled"
    bands = lines.loc[lines["method"] == shown, "band"].dropna().astype(str)
    focus = _focus(list(words.frames["descriptives"]["country"].dropna().unique()), words.settings)
    share = next(iter(words.settings.codebook.shares.values()), None)
    return {
        "main": words.score(words.main_score),
        "item": _asked(words.settings),
        "share": share.in_language(language.code) if share else "–",
        "level": words.level,
        "vcov": method.vcov_of(words, SURVEYS),
        "method": language.plain(f"methods.{shown}"),
        "band": bands.iloc[0] if len(bands) else language.plain("words.not_estimated"),
        "country": language.country(focus) if focus else language.country("all"),
    }


def _table(name: str, folder: Path, settings: Settings, page: Path) -> Markup:
    html = str(link_cells(fragment((folder / f"{name}.html").read_text(encoding="utf-8"))))
    number = _table_word(name, settings)
    opening = f'<figcaption id="caption-{name}">'
    html = html.replace(opening, f"{opening}<b>{number}</b> ", 1)
    links = _downloads(name, os.path.relpath(folder, page.parent), settings)
    return Markup(html.replace("</figure>", f"{links}</figure>", 1))


def _table_word(name: str, settings: Settings) -> Markup:
    place = numbered_tables(settings.specifications).index(name) + 1
    return settings.language.say("page.table_word", number=place)


def _further(settings: Settings) -> dict[str, str]:
    """Tables of further declared specifications, with their titles."""
    titles = {str(one["id"]): str(one["title"]) for one in settings.specifications}
    return {
        name: titles[declared]
        for name, declared in regression_tables(settings.specifications).items()
    }


def _downloads(name: str, folder: str, settings: Settings) -> Markup:
    """Links to the files of a table, as seen from the page."""
    links = Markup(" \N{MIDDLE DOT} ").join(
        Markup('<a href="{}/{}.{}" download>{}</a>').format(
            Path(folder).as_posix(), name, kind, settings.language.plain(f"page.formats.{kind}")
        )
        for kind in TABLE_FORMATS
        if kind != "html"
    )
    said = settings.language.say("page.downloads")
    return Markup('<p class="files">{} {}</p>\n').format(said, links)


# ---------------------------------------------------------------- contents and provenance


def _contents(settings: Settings) -> list[dict[str, Any]]:
    say = settings.language.plain
    return [
        {
            "id": name,
            "title": say(f"page.{name}.title"),
            "parts": [
                {
                    "id": f"{name}-{part}",
                    "title": _asked(settings) if part == "network" else say(f"page.{name}.{part}"),
                }
                for part in parts
            ],
        }
        for name, parts in CONTENTS.items()
    ]


def _origins() -> list[dict[str, str]]:
    return [
        {
            "anchor": anchor(RESULTS[name]),
            "file": f"results/{RESULTS[name]}",
            "rule": origin.rule,
            "script": origin.script,
            "function": origin.function.rpartition(".")[2],
            "module": origin.module,
        }
        for name, origin in ORIGINS.items()
    ]


def _prose(uses: pd.DataFrame) -> list[dict[str, Any]]:
    """Numbers of the text, each once, with the sections that use it."""
    rows = []
    for (name, file, line), group in uses.groupby(["estimate_id", "file", "line"], sort=True):
        places = sorted(place.removeprefix(SHOWN_IN_TEXT) for place in group["used_in"])
        rows.append(
            {
                "estimate_id": name,
                "passport": passport(str(name)),
                "file": f"results/{file}",
                "line": line,
                "places": ", ".join(dict.fromkeys(places)),
            }
        )
    return rows
