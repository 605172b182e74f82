"""How the study was done, in words: method, instrument, specifications, choices, versions."""

import platform
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pandas as pd
import yaml
from markupsafe import Markup

from reintegration import codebook
from reintegration.config import Config, Instrument
from reintegration.report.language import in_sentence
from reintegration.report.outputs import SUPPRESSED
from reintegration.report.select import CHANGES, SURVEYS, declared, main_specification, terms_of
from reintegration.report.settings import Settings
from reintegration.report.tables.terms import covariances
from reintegration.report.wording import Words, vcov_label
from reintegration.tables_io import read_csv

PACKAGES = (
    "reintegration", "pandas", "numpy", "scipy", "statsmodels", "linearmodels", "matplotlib",
    "seaborn", "snakemake",
)  # fmt: skip


def vcov_of(words: Words, data: str) -> str:
    """Name the errors of the main regressions, as they were computed."""
    specs = main_specification(words.frames["specs"], data, words.settings.codebook)
    return vcov_label(terms_of(words.frames["estimates"], specs), words.settings.language)


def method_texts(
    words: Words, config: Mapping[str, Any], folders: Mapping[str, Path]
) -> dict[str, Markup]:
    """Describe each estimator with the choices of this run; `folders` hold what was hidden."""
    choices, language = Config.model_validate(config), words.settings.language
    say, frames = language.say, words.frames
    policy = [
        f"{_nonresponse(code, words.settings)} {language.plain(f'words.{counts}')}"
        for code, counts in choices.scoring.nonresponse.items()
    ]
    specs = main_specification(frames["specs"], SURVEYS, words.settings.codebook)
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
            vcov=vcov_of(words, SURVEYS),
        ),
        "changes": say("page.method.changes.text", vcov=vcov_of(words, CHANGES)),
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


def instrument(settings: Settings, config: Mapping[str, Any]) -> list[Markup]:
    """Say what each instrument asked, and how much of it is known."""
    files = Instrument.model_validate(config["instrument"]).files
    return [
        _instrument(part, file, settings)
        for part, file in zip(settings.codebook.instruments, files, strict=True)
    ]


def _instrument(part: codebook.Instrument, file: Path, settings: Settings) -> Markup:
    language = settings.language
    sizes = [
        language.plain(
            "page.data.dimension_items",
            number=len(part.items_of(name)),
            dimension=in_sentence(language.score(name)),
        )
        for name in part.dimensions
    ]
    unsourced = [item for item in part.items.values() if item.provenance.label != "sourced"]
    chosen = part.weights_provenance.label == "chosen"
    return language.say(
        "page.data.instrument_text",
        title=part.title.in_language(language.code),
        items=language.number(len(part.items)),
        dimensions=language.join(sizes),
        about=part.about.in_language(language.code) if part.about else "",
        recalled=language.number(len(unsourced)),
        file=Markup("<code>{}</code>").format(file),
        weights=language.plain(f"page.data.weights_{'chosen' if chosen else 'other'}"),
    )


def specifications(specs: pd.DataFrame, settings: Settings) -> list[list[str]]:
    """One row per declared specification, with all its outcomes."""
    rows = declared(specs).astype(object).fillna("").astype(str)
    names = [
        spec.removesuffix(outcome).rstrip(".")
        for spec, outcome in zip(rows["spec_id"], rows["outcome"], strict=True)
    ]
    table = []
    for name, group in rows.groupby(names, sort=False):
        first = group.iloc[0]
        table.append(
            [
                f"{name}: {first['title']}",
                first["role"],
                "; ".join(_outcome(outcome, settings) for outcome in group["outcome"]),
                first["formula"].partition("~")[2].strip(),
                first["sample"],
                "; ".join(covariances(first.to_dict())),
            ]
        )
    return table


def _outcome(name: str, settings: Settings) -> str:
    language = settings.language
    label = language.score(name)
    return language.variable(name) if label == name else label


def reproduce(words: Words, config: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Name what a second run needs: data, seed, versions."""
    settings, language = words.settings, words.settings.language

    def name(key: str) -> str:
        return language.plain(f"page.reproduce.values.{key}")

    sources = words.frames["sources"]
    used = sources.loc[sources["status"] != "left_out", "file"].astype(str)
    specs = main_specification(words.frames["specs"], SURVEYS, settings.codebook)
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


def choices(config: Mapping[str, Any]) -> str:
    """Write the configuration as YAML, without what is not set."""

    def set_only(value: Any) -> Any:
        if isinstance(value, Mapping):
            return {key: set_only(entry) for key, entry in value.items() if entry not in (None, {})}
        return [set_only(entry) for entry in value] if isinstance(value, list) else value

    plain = {name: set_only(section) for name, section in config.items()}
    return yaml.dump(plain, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=76)
