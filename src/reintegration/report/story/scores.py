"""Sentences on the scores: means, countries, assistance, and a share of answers."""

import pandas as pd
from markupsafe import Markup

from reintegration.report.language import ALL
from reintegration.report.select import (
    CHANGES,
    SURVEYS,
    is_not_recorded,
    main_specification,
    terms_of,
)
from reintegration.report.story.common import Sentences, described_countries, find, ids
from reintegration.report.wording import ABOVE, BELOW, ENDS, MISSING, OPEN, Words

DIFFERENCE = "_minus_"  # in the name of a group: the difference of two groups' shares


def scores(words: Words) -> Sentences:
    """Mean scores, overall and at both ends."""
    described, numbers = words.frames["descriptives"], words.numbers
    means = described[described["statistic"] == "mean"]
    whole = find(means, variable=words.main_score, country=ALL)
    if whole is None:
        return
    yield words.say(
        "scores.mean",
        score=words.score(words.main_score),
        mean=numbers.points(whole),
        interval=numbers.interval(whole),
    )
    found = {name: find(means, variable=name, country=ALL) for name in words.dimensions}
    parts = [
        words.say("scores.dimension", mean=numbers.points(name), score=words.score(score))
        for score, name in found.items()
        if name
    ]
    if parts:
        yield words.say("scores.dimensions", list=words.join(parts))
    own = means[(means["variable"] == words.main_score) & (means["country"] != ALL)]
    order = words.by_value(ids(own))
    if len(order) > 1:
        country = words.settings.language.country
        first, last = order[0], order[-1]
        yield words.say(
            "scores.ends",
            lowest=country(numbers[first].word("country")),
            low=numbers.points(first),
            highest=country(numbers[last].word("country")),
            high=numbers.points(last),
            score=words.score(words.main_score),
        )
    for part in words.settings.codebook.instruments[1:]:
        name = find(means, variable=part.composite.name, country=ALL)
        if name and not numbers.why_missing(name):
            yield words.say(
                "scores.beside",
                instrument=words.settings.language.instrument(part.composite.name),
                score=words.score(part.composite.name),
                mean=numbers.points(name),
                interval=numbers.interval(name),
            )
        elif name:
            instrument = words.settings.language.instrument(part.composite.name)
            yield words.say("scores.beside_missing", instrument=instrument)


def _country_terms(words: Words) -> pd.DataFrame:
    specs = main_specification(words.frames["specs"], SURVEYS, words.settings.codebook)
    terms = terms_of(words.frames["estimates"], specs)
    main = (terms["group"] == "country") & (terms["outcome"] == words.main_score)
    return terms[main]


def countries(words: Words) -> Sentences:
    """Deviations of countries in the main score, and how sure their order is."""
    terms = _country_terms(words)
    if len(described_countries(words)) == 1 or terms.empty:
        for name in ids(terms):
            words.numbers.record(name)
        yield words.say("countries.single")
        return
    sides = words.tally(ids(terms))
    usable = len(terms) - len(sides[MISSING])
    if not usable:
        yield words.say("countries.missing", reason=words.reason(terms))
        return
    yield words.say(
        "countries.count",
        below=words.whole(len(sides[BELOW])),
        above=words.whole(len(sides[ABOVE])),
        open=words.whole(len(sides[OPEN])),
        number=words.whole(usable),
        score=words.score(words.main_score),
        level=words.level,
    )
    order = words.by_value(ids(terms))
    ends = min(ENDS, len(order) // 2)
    if ends:
        yield words.say("countries.lowest", list=_list_countries(words, order[:ends]))
        yield words.say("countries.highest", list=_list_countries(words, order[-ends:][::-1]))
    yield from _ranks(words, order[: max(ends, 1)])


def asked_differently(words: Words) -> Sentences:
    """Which items of the main instrument some files did not ask, where countries are compared."""
    table = words.frames["sources"]
    if "absent" not in table or len(described_countries(words)) < 2:
        return
    items = words.settings.codebook.main.items
    files: dict[tuple[str, ...], list[str]] = {}
    for row in table[table["status"] != "left_out"].fillna({"absent": ""}).to_dict("records"):
        absent = str(row["absent"]).split()
        if names := tuple(name for name in items if name in absent):
            files.setdefault(names, []).append(str(row["file"]))
    parts = [
        words.say("countries.not_asked_one", questions=words.join(names), files=words.join(found))
        for names, found in files.items()
    ]
    if parts:
        yield words.say("countries.not_asked", list=Markup("; ").join(parts))


def _list_countries(words: Words, ids: list[str]) -> Markup:
    parts = []
    for name in ids:
        value, interval = words.signed(name)
        country = words.settings.language.term(words.numbers[name].word("term"))
        parts.append(words.say("countries.one", country=country, value=value, interval=interval))
    return words.join(parts)


def _ranks(words: Words, lowest: list[str]) -> Sentences:
    """Rank intervals of the countries at the lower end."""
    ranks, numbers = words.frames["ranks"], words.numbers
    parts, among = [], ""
    for name in lowest:
        row = numbers[name]
        code = row.word("level") or row.word("term").removeprefix("country.")
        found = find(ranks, spec_id=row.word("spec_id"), country=code)
        if found is None or numbers.why_missing(found):
            continue
        rank = numbers[found]
        same = rank.get("rank_low") == rank.get("rank_high")
        parts.append(
            words.say(
                "countries.rank_same" if same else "countries.rank",
                country=words.settings.language.country(code),
                low=numbers.column(found, "rank_low"),
                high=numbers.column(found, "rank_high"),
            )
        )
        among = words.whole(rank.get("n_countries"))
    if parts:
        yield words.say(
            "countries.ranks",
            score=words.score(words.main_score),
            number=among,
            list=words.join(parts),
        )


def importance(words: Words) -> Sentences:
    """How much of the explained variance goes to country, and how much to the rest."""
    table, numbers = words.frames["importance"], words.numbers
    specs = main_specification(words.frames["specs"], SURVEYS, words.settings.codebook)
    own = specs.loc[specs["outcome"] == words.main_score, "spec_id"]
    rows = table[table["spec_id"].isin(own)]
    country = find(rows, group="country")
    if country is None or numbers.why_missing(country):
        return
    others = [
        words.say(
            "countries.importance_one",
            share=numbers.share(name),
            group=words.settings.language.variable(numbers[name].word("group")).lower(),
        )
        for name in words.by_value(ids(rows))[::-1]
        if name != country and DIFFERENCE not in numbers[name].word("group")
    ]
    against = words.say("countries.importance_others", list=words.join(others)) if others else ""
    yield words.say(
        "countries.importance",
        score=words.score(words.main_score),
        share=numbers.share(country),
        interval=numbers.interval(country, as_share=True),
        others=against,
    )


def assistance(words: Words, data: str) -> Sentences:
    """Which types of assistance go with higher (or better) scores in every dimension."""
    kind = "changes" if data == CHANGES else "levels"
    specs = main_specification(words.frames["specs"], data, words.settings.codebook)
    terms = terms_of(words.frames["estimates"], specs)
    terms = terms[(terms["group"] == "assistance") & ~is_not_recorded(terms)]
    sides: dict[str, list[str]] = {"up": [], "down": [], "mixed": []}
    for term, rows in terms.groupby("term", sort=False):
        dims = rows[rows["outcome"].str.removeprefix("change_").isin(words.dimensions)]
        tally = words.tally(ids(dims))
        if len(tally[MISSING]) == len(dims):
            continue
        up, down = len(tally[ABOVE]) == len(dims), len(tally[BELOW]) == len(dims)
        label = words.settings.language.term(str(term)).lower()
        sides["up" if up else "down" if down else "mixed"].append(label)
    if not any(sides.values()):
        yield words.say(f"assistance.missing_{kind}", reason=words.reason(terms))
        return
    if not sides["up"] and not sides["down"]:
        yield words.say(f"assistance.{kind}_none")
        return
    for side, names in sides.items():
        if names:
            key = f"assistance.{kind}_{side}"
            yield words.say(key, list=words.settings.language.join(names), level=words.level)


def assistance_disputed(words: Words, data: str) -> Sentences:
    """Types of assistance whose coefficients differ from 0 under some errors and not others."""
    specs = main_specification(words.frames["specs"], data, words.settings.codebook)
    terms = terms_of(words.frames["estimates"], specs)
    terms = terms[(terms["group"] == "assistance") & ~is_not_recorded(terms)]
    language, numbers, parts = words.settings.language, words.numbers, []
    for name, others in words.disputed(ids(terms)).items():
        row = numbers[name]
        errors = [words.under("assistance.disputed_under", one) for one in (row, *others)]
        parts.append(
            words.say(
                "assistance.disputed_one",
                term=language.term(row.word("term")),
                outcome=words.score(row.word("outcome")),
                under=words.join(errors),
            )
        )
    if parts:
        listed = Markup("; ").join(parts)
        yield words.say("assistance.disputed", alpha=words.alpha, list=listed)


def network(words: Words, country: str | None) -> Sentences:
    """The shares of answers that the instruments name, in the country in focus and in all."""
    described, numbers = words.frames["descriptives"], words.numbers
    language = words.settings.language
    whole = ALL if len(described_countries(words)) > 1 else None
    if not language.codebook.shares:
        yield words.say("network.none")
    for variable in language.codebook.shares:
        rows = described[(described["variable"] == variable) & (described["answer"] == "yes")]
        for code, key in ((country, "one"), (whole, "all")):
            name = find(rows, country=code) if code else None
            if name is None:
                continue
            what = language.variable(variable)
            if numbers.why_missing(name):
                yield words.say("network.missing", what=what, reason=numbers.why_missing(name))
                continue
            yield words.say(
                f"network.{key}",
                what=what,
                country=language.country(code or ALL),
                share=numbers.share(name),
                interval=numbers.interval(name, as_share=True),
            )
