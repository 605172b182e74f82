"""The page: one HTML file that holds the whole study and needs no network."""

import base64
import platform
import re
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pandas as pd
import yaml
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from reintegration.config import Config
from reintegration.report import story
from reintegration.report.numbers import Numbers, anchor, read_results
from reintegration.report.outputs import FIGURES, PAGE_INPUTS, RESULTS, SUPPRESSED, TABLES
from reintegration.report.provenance import ORIGINS
from reintegration.report.select import (
    CHANGES,
    SURVEYS,
    described,
    main_specification,
    terms_of,
)
from reintegration.report.settings import Settings
from reintegration.report.tables.render import fragment
from reintegration.report.wording import Words, vcov_label
from reintegration.tables_io import read_csv, write_csv

TEMPLATES = Path(__file__).parent / "templates"
PACKAGES = (
    "reintegration", "pandas", "numpy", "scipy", "statsmodels", "linearmodels", "matplotlib",
    "seaborn", "snakemake",
)  # fmt: skip
USES_FILE = "results/audit/uses.csv"
CONTENTS: dict[str, tuple[str, ...]] = {
    "summary": (),
    "question": (),
    "data": ("flow", "sample", "migration", "instrument"),
    "method": (),
    "results": ("scores", "countries", "assistance", "network", "items", "trends", "orion"),
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
    hidden = described(frames["descriptives"], settings.minimum_cell).record["estimate_id"]
    numbers = Numbers(frames, settings.language, hidden, settings.minimum_cell)
    words = Words(numbers, frames, settings)
    folders = {"figure": Path(figures), "table": Path(tables)}
    told = tell(words)
    prose = numbers.uses
    record_exhibits(numbers, folders)
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
        left_out=(frames["sources"]["status"] == "left_out").any(),
        figures={name: _figure(name, folders["figure"], words) for name in FIGURES},
        tables={name: _table(name, folders["table"], settings) for name in TABLES},
        instrument=_instrument(settings, config),
        method=_method(words, config, folders),
        specifications=_specifications(frames["specs"], settings),
        reproduce=_reproduce(words, config),
        choices=_choices(config),
        uses_file=Markup("<code>{}</code>").format(USES_FILE),
        origins=_origins(),
        prose=_prose(prose),
    )
    page = Path(page)
    page.parent.mkdir(parents=True, exist_ok=True)
    page.write_text(html, encoding="utf-8")
    write_csv(numbers.uses, uses)


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
        "migration": ("data", lambda: story.migration(words)),
        "scores": ("results: scores", lambda: story.scores(words)),
        "countries": ("results: countries", lambda: story.countries(words)),
        "importance": ("results: countries", lambda: story.importance(words)),
        "levels": ("results: assistance", lambda: story.assistance(words, SURVEYS)),
        "changes": ("results: assistance", lambda: story.assistance(words, CHANGES)),
        "network": ("results: network", lambda: story.network(words, country)),
        "trends": ("results: trendlines", lambda: story.trends(words)),
        "orion": (
            "results: ORION",
            lambda: [*story.orion(words), *story.orion_size(words)],
        ),
        "orion_changes": ("results: ORION", lambda: story.orion_changes(words)),
        "claims": ("claims", lambda: story.claims(words)),
        "summary": ("summary", lambda: _summary(words)),
    }
    told = {}
    for name, (place, sentences) in sections.items():
        with words.numbers.used_in(SHOWN_IN_TEXT + place):
            told[name] = list(sentences())
    return told


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
    ]
    return [sentence for part in parts for sentence in part]


def _focus(countries: list[str], settings: Settings) -> str | None:
    wanted = ["GIN", *settings.orion.countries, *sorted(countries)]
    return next((code for code in wanted if code in countries and code != "all"), None)


def record_exhibits(numbers: Numbers, folders: Mapping[str, Path]) -> None:
    """Record every estimate that a figure or a table shows, from the data beside it."""
    for kind, names in (("figure", FIGURES), ("table", TABLES)):
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
    method = "within" if (lines["method"] == "within").any() else "pooled"
    bands = lines.loc[lines["method"] == method, "band"].dropna().astype(str)
    focus = _focus(list(words.frames["descriptives"]["country"].dropna().unique()), words.settings)
    return {
        "level": words.level,
        "vcov": _vcov(words, SURVEYS),
        "method": language.plain(f"methods.{method}"),
        "band": bands.iloc[0] if len(bands) else language.plain("words.not_estimated"),
        "country": language.country(focus) if focus else language.country("all"),
    }


def _table(name: str, folder: Path, settings: Settings) -> Markup:
    html = fragment((folder / f"{name}.html").read_text(encoding="utf-8"))
    number = settings.language.say("page.table_word", number=TABLES.index(name) + 1)
    opening = f'<figcaption id="caption-{name}">'
    return Markup(str(html).replace(opening, f"{opening}<b>{number}</b> ", 1))


# ---------------------------------------------------------------- method and reproduction


def _vcov(words: Words, data: str) -> str:
    scores = words.settings.codebook.score_names
    specs = main_specification(words.frames["specs"], data, scores)
    return vcov_label(terms_of(words.frames["estimates"], specs), words.settings.language)


def _method(
    words: Words, config: Mapping[str, Any], folders: Mapping[str, Path]
) -> dict[str, Markup]:
    choices, language = Config.model_validate(config), words.settings.language
    say, frames = language.say, words.frames
    policy = [
        f"{_nonresponse(code, words.settings)} {language.plain(f'words.{counts}')}"
        for code, counts in choices.scoring.nonresponse.items()
    ]
    specs = main_specification(frames["specs"], SURVEYS, words.settings.codebook.score_names)
    deviation = specs.empty or str(specs["country_coding"].iloc[0]) == "deviation"
    controls = [language.variable(name).lower() for name in choices.orion.controls]
    suppressed = [read_csv(folder / SUPPRESSED) for folder in folders.values()]
    count = len({name for frame in suppressed for name in frame["estimate_id"].astype(str)})
    hidden = say(
        "page.method.disclosure.some" if count else "page.method.disclosure.none",
        number=language.number(count),
    )
    files = Markup("<code>results/figures/{0}</code>, <code>results/tables/{0}</code>")
    return {
        "scores": say(
            "page.method.scores.text",
            minimum=language.share(choices.scoring.minimum_answered, 0),
            policy="; ".join(policy) or "–",
        ),
        "levels": say(
            "page.method.levels.text" if deviation else "page.method.levels.text_reference",
            vcov=_vcov(words, SURVEYS),
        ),
        "changes": say("page.method.changes.text", vcov=_vcov(words, CHANGES)),
        "importance": say(
            "page.method.importance.text", draws=language.number(choices.inference.bootstrap_draws)
        ),
        "trends": say(
            "page.method.trends.text", minimum=language.number(choices.trends.minimum_returnees)
        ),
        "orion": say(
            "page.method.orion.text",
            controls=", ".join(controls) or "–",
            vcov=vcov_label(frames["effects"], language),
        ),
        "inference": say("page.method.inference.text", level=words.level),
        "disclosure": say(
            "page.method.disclosure.text",
            minimum=language.number(words.settings.minimum_cell),
            hidden=hidden,
            files=files.format(SUPPRESSED),
        ),
    }


def _nonresponse(code: str, settings: Settings) -> str:
    for answer in settings.codebook.nonresponse:
        if answer.code == code:
            return f"“{answer.in_language(settings.language.code)}”"
    return code


def _instrument(settings: Settings, config: Mapping[str, Any]) -> Markup:
    codebook, language = settings.codebook, settings.language
    sizes = [
        language.plain(
            "page.data.dimension_items",
            number=len(codebook.items_of(name)),
            dimension=language.score(name).lower(),
        )
        for name in codebook.dimensions
    ]
    unsourced = [item for item in codebook.items.values() if item.provenance.label != "sourced"]
    chosen = codebook.weights_provenance.label == "chosen"
    return language.say(
        "page.data.instrument_text",
        items=language.number(len(codebook.items)),
        dimensions=language.join(sizes),
        recalled=language.number(len(unsourced)),
        file=Markup("<code>{}</code>").format(config["instrument"]["items"]),
        weights=language.plain(f"page.data.weights_{'chosen' if chosen else 'other'}"),
    )


def _specifications(specs: pd.DataFrame, settings: Settings) -> list[list[str]]:
    """One row per declared specification, with all its outcomes."""
    rows = specs.astype(object).fillna("").astype(str)
    declared = [
        spec.removesuffix(outcome).rstrip(".")
        for spec, outcome in zip(rows["spec_id"], rows["outcome"], strict=True)
    ]
    table = []
    for name, group in rows.groupby(declared, sort=False):
        first = group.iloc[0]
        table.append(
            [
                f"{name}: {first['title']}",
                first["role"],
                "; ".join(_outcome(outcome, settings) for outcome in group["outcome"]),
                first["formula"].partition("~")[2].strip(),
                first["sample"],
                first["vcov"],
            ]
        )
    return table


def _outcome(name: str, settings: Settings) -> str:
    language = settings.language
    label = language.score(name)
    return language.variable(name) if label == name else label


def _reproduce(words: Words, config: Mapping[str, Any]) -> list[tuple[str, str]]:
    settings, language = words.settings, words.settings.language

    def name(key: str) -> str:
        return language.plain(f"page.reproduce.values.{key}")

    sources = words.frames["sources"]
    used = sources.loc[sources["status"] != "left_out", "file"].astype(str)
    specs = main_specification(words.frames["specs"], SURVEYS, settings.codebook.score_names)
    models = words.frames["models"]
    hashes = models.loc[models["spec_id"].isin(specs["spec_id"]), "data_hash"].dropna().astype(str)
    if settings.simulated:
        data = (name("world"), str(config["data"]["world"]))
    else:
        data = (
            name("data"),
            language.plain("page.reproduce.values.real", folder=str(config["data"]["raw"])),
        )
    return [
        data,
        (name("sources"), ", ".join(used)),
        (name("hash"), hashes.iloc[-1] if len(hashes) else "–"),
        (name("seed"), str(settings.inference.seed)),
        (name("python"), platform.python_version()),
        (name("packages"), ", ".join(f"{package} {version(package)}" for package in PACKAGES)),
    ]


class _Dumper(yaml.SafeDumper):
    """Writes short lists on one line, as config.yaml does."""

    def represent_sequence(self, tag: str, sequence: Any, flow_style: bool | None = None) -> Any:
        short = all(isinstance(entry, str | int | float) for entry in sequence)
        return super().represent_sequence(tag, sequence, flow_style=short or flow_style)


def _choices(config: Mapping[str, Any]) -> str:
    """Write the configuration as YAML, without what is not set."""

    def set_only(value: Any) -> Any:
        if isinstance(value, Mapping):
            return {key: set_only(entry) for key, entry in value.items() if entry is not None}
        return [set_only(entry) for entry in value] if isinstance(value, list) else value

    plain = {name: set_only(section) for name, section in config.items()}
    return yaml.dump(plain, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=76)


# ---------------------------------------------------------------- contents and provenance


def _contents(settings: Settings) -> list[dict[str, Any]]:
    say = settings.language.plain
    return [
        {
            "id": name,
            "title": say(f"page.{name}.title"),
            "parts": [
                {"id": f"{name}-{part}", "title": say(f"page.{name}.{part}")} for part in parts
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
                "file": f"results/{file}",
                "line": line,
                "places": ", ".join(dict.fromkeys(places)),
            }
        )
    return rows
