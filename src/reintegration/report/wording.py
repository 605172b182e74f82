"""Sentences made of results: direction, size and interval, in neutral words.

A sentence says `above` or `below` only where the interval leaves out 0; otherwise it says
that the result is inconclusive, never that there is no effect. What was not estimated is
said with its reason.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import pandas as pd
from markupsafe import Markup

from reintegration.report.language import ALL, Language, in_sentence, is_missing
from reintegration.report.numbers import Number, Numbers, Row
from reintegration.report.settings import Settings

ABOVE, BELOW, OPEN, MISSING = "above", "below", "open", "missing"
UNCLUSTERED = ("classical", "HC0", "HC1", "HC2", "HC3")
ENDS = 3  # countries named at each end of an order


def named_vcov(label: str, language: Language) -> str:
    """Name a covariance for readers: `CR1S by returnee_id` is CR1S clustered by returnee."""
    kind, by, clusters = label.partition(" within ")[0].partition(" by ")
    names = [language.variable(name).lower() for name in clusters.split(" and ") if name]
    key = f"tables.vcovs.{kind.partition(' ')[0]}"
    kind = language.plain(key) + kind[len(kind.partition(" ")[0]) :] if language.has(key) else kind
    if not by:
        return kind
    if label.startswith("permutation"):
        return language.plain("tables.permuted", cluster=language.join(names))
    return language.plain("tables.vcov", vcov=kind, cluster=language.join(names))


def vcov_label(rows: pd.DataFrame, language: Language) -> str:
    """Name the covariances of estimates by what was computed: type and cluster variable."""
    labels: dict[str, None] = {}
    for vcov, cluster in zip(rows["vcov"], rows["cluster_var"], strict=True):
        if is_missing(vcov):
            continue
        clusters = [] if is_missing(cluster) else str(cluster).split()
        by = f" by {' and '.join(clusters)}" if clusters and str(vcov) not in UNCLUSTERED else ""
        labels[named_vcov(f"{vcov}{by}", language)] = None
    return language.join(list(labels)) or language.plain("words.not_estimated")


def error_of(row: Row, language: Language) -> str:
    """Name the error of one estimate for readers."""
    clusters = row.word("cluster_var").split()
    vcov = row.word("vcov")
    by = f" by {' and '.join(clusters)}" if clusters and vcov not in UNCLUSTERED else ""
    return named_vcov(f"{vcov}{by}", language)


def what_of(row: Row, language: Language) -> str:
    """Name what a row estimates: an effect of mentoring by place and method, or a term."""
    outcome = row.word("outcome")
    names = [language.score(outcome)] if outcome else []
    if row.word("comparator"):
        whole = row.word("country") == ALL
        place = (
            language.plain("words.pilot_countries")
            if whole
            else language.country(row.word("country"))
        )
        said = (language.plain(f"methods.{row.word(key)}") for key in ("method", "comparator"))
        method, against = said
        heading = language.plain("tables.orion.heading", method=method, against=against)
        return ", ".join([place, in_sentence(heading), *names])
    term = row.word("term")
    place = language.country(row.word("country")) if row.word("country") else ""
    return ", ".join(part for part in (language.term(term) if term else "", place, *names) if part)


@dataclass(frozen=True)
class Words:
    """What every section's sentences are made with."""

    numbers: Numbers
    frames: Mapping[str, pd.DataFrame]
    settings: Settings

    def say(self, key: str, **values: object) -> Markup:
        """Fill a sentence of the texts under `story`; words in a number's place at its start
        get a capital.
        """
        text = self.settings.language.text(f"story.{key}")
        if (first := re.match(r"{(\w+)}.*\.\s*$", text, re.DOTALL)) and first[1] in values:
            number = values[first[1]]
            if isinstance(number, Number) and not number.shown:
                capital = number.text[:1].upper() + number.text[1:]
                values |= {first[1]: replace(number, text=capital)}
        return self.settings.language.say(f"story.{key}", **values)

    def join(self, parts: Sequence[object]) -> Markup:
        """List parts in a sentence: a, b and c."""
        texts = [Markup.escape(part) for part in parts]
        if len(texts) < 2:
            return Markup("").join(texts)
        last = Markup(" {} ").format(self.settings.language.plain("words.and"))
        return Markup(", ").join(texts[:-1]) + last + texts[-1]

    def score(self, name: str) -> str:
        """Name of a score inside a sentence."""
        return in_sentence(self.settings.language.score(name))

    @property
    def level(self) -> str:
        """The confidence level, such as 95%."""
        return self.settings.language.share(self.settings.inference.confidence_level, 0)

    @property
    def main_score(self) -> str:
        """The score that sums up the others of the main instrument."""
        return self.settings.codebook.main_score

    @property
    def dimensions(self) -> list[str]:
        """The scores that the composite sums up."""
        return list(self.settings.codebook.main.dimensions)

    def direction(self, estimate_id: str) -> str:
        """On which side of 0 the interval of an estimate lies."""
        if self.numbers.why_missing(estimate_id):
            return MISSING
        row = self.numbers[estimate_id]
        low, high = row.get("conf_low"), row.get("conf_high")
        if is_missing(low) or is_missing(high):
            return OPEN
        return ABOVE if low > 0 else BELOW if high < 0 else OPEN

    def effect(self, key: str, estimate_id: str, **values: object) -> Markup:
        """Say an effect with `<key>_above`, `_below` or `_open`, as its interval allows."""
        return self.say(
            f"{key}_{self.direction(estimate_id)}",
            size=self.numbers.size(estimate_id),
            value=self.numbers.points(estimate_id, signed=True),
            interval=self.numbers.interval(estimate_id, signed=True),
            **values,
        )

    def disputed(self, ids: Iterable[str]) -> dict[str, list[Row]]:
        """Estimates that differ from 0 under their own error and not under others, or the other
        way round, with the rows that decide otherwise.
        """
        level = self.settings.inference.confidence_level
        found = {name: self.numbers.contradicting(name, level) for name in ids}
        return {name: others for name, others in found.items() if others}

    def under(self, key: str, row: Row) -> Markup:
        """Say the p-value of an estimate and the error it is under."""
        error = error_of(row, self.settings.language)
        return self.say(key, p_value=self.numbers.p_value(row.estimate_id), error=error)

    @property
    def alpha(self) -> str:
        """The level of tests, such as 5%."""
        return self.settings.language.share(1 - self.settings.inference.confidence_level, 0)

    def tally(self, ids: Iterable[str]) -> dict[str, list[str]]:
        """Sort estimates by the side of 0 on which their intervals lie, and record their use."""
        found: dict[str, list[str]] = {ABOVE: [], BELOW: [], OPEN: [], MISSING: []}
        for name in ids:
            self.numbers.record(name)
            found[self.direction(name)].append(name)
        return found

    def whole(self, value: float) -> str:
        """Write a count that was made here, from rows that were recorded."""
        return self.settings.language.number(value)

    def reason(self, frame: pd.DataFrame, usual: str = "missing.absent") -> str:
        """Why the rows of a table hold no number, in the words of the results."""
        for name in frame["estimate_id"].astype(str) if "estimate_id" in frame else ():
            row = self.numbers[name]
            if self.numbers.why_missing(name):
                words = row.word("warnings") or self.numbers.why_missing(name)
                return words.rstrip(".")
        return self.settings.language.plain(usual)

    def by_value(self, ids: Iterable[str]) -> list[str]:
        """Order estimates from the lowest, those without a number left out."""
        usable = [name for name in ids if not self.numbers.why_missing(name)]
        return sorted(usable, key=lambda name: (self.numbers[name].value, name))

    def signed(self, estimate_id: str) -> tuple[Number, Number]:
        """An estimate with its sign, and its interval."""
        return (
            self.numbers.points(estimate_id, signed=True),
            self.numbers.interval(estimate_id, signed=True),
        )
