"""Sentences on change: trendlines, and the comparison of the mentored with others."""

from collections.abc import Sequence

from markupsafe import Markup

from reintegration.report.language import ALL, in_sentence, is_missing
from reintegration.report.numbers import Row
from reintegration.report.select import slopes_of_countries
from reintegration.report.story.common import Sentences, described_countries, find, ids
from reintegration.report.wording import ABOVE, BELOW, MISSING, OPEN, Words, error_of


def trends(words: Words) -> Sentences:
    """In how many countries the main score rises or falls, and where most."""
    table, language = words.frames["slopes"], words.settings.language
    slopes = slopes_of_countries(table)
    slopes = slopes[slopes["outcome"] == words.main_score]
    for method in ("within", "pooled"):
        rows = slopes[slopes["method"] == method]
        if rows.empty:
            continue
        sides = words.tally(ids(rows))
        usable = len(rows) - len(sides[MISSING])
        named = language.plain(f"methods.{method}")
        if not usable:
            yield words.say("trends.missing", method=named, reason=words.reason(rows))
            continue
        if len(rows) == 1:
            country = language.country(str(rows["country"].iloc[0]))
            score = words.score(words.main_score)
            name = ids(rows)[0]
            yield words.effect("trends.one", name, country=country, method=named, score=score)
            continue
        yield words.say(
            f"trends.{method}",
            score=words.score(words.main_score),
            above=words.whole(len(sides[ABOVE])),
            below=words.whole(len(sides[BELOW])),
            open=words.whole(len(sides[OPEN])),
            number=words.whole(usable),
            level=words.level,
        )
        if method == "within":
            yield from _slope_ends(words, ids(rows))
        if sides[MISSING]:
            missing = [language.country(words.numbers[n].word("country")) for n in sides[MISSING]]
            failed = rows[rows["estimate_id"].isin(sides[MISSING])]
            yield words.say(
                "trends.not_estimated", list=language.join(missing), reason=words.reason(failed)
            )


def _slope_ends(words: Words, ids: list[str]) -> Sentences:
    order = words.by_value(ids)
    if len(order) < 2:
        return
    country = words.settings.language.country
    (low, low_interval), (high, high_interval) = words.signed(order[0]), words.signed(order[-1])
    yield words.say(
        "trends.ends",
        lowest=country(words.numbers[order[0]].word("country")),
        low=low,
        low_interval=low_interval,
        highest=country(words.numbers[order[-1]].word("country")),
        high=high,
        high_interval=high_interval,
    )


def orion(words: Words, comparator: str | None = None) -> Sentences:
    """The effect of mentoring on the main score by each method, over the pilot's countries."""
    effects = words.frames["effects"].drop_duplicates(
        ["comparator", "method", "country", "outcome"]
    )
    rows = effects[(effects["outcome"] == words.main_score) & (effects["country"] == ALL)]
    if comparator:
        rows = rows[rows["comparator"] == comparator]
    names = ids(rows)
    if all(words.direction(name) == MISSING for name in names):
        for name in names:
            words.numbers.record(name)
        yield words.say("orion.missing", reason=words.reason(rows))
        return
    for name in names:
        yield _effect(words, name)


def orion_not_studied(words: Words) -> Sentences:
    """Which countries of the pilot are not among those of the study."""
    pilot, studied = words.settings.orion.countries, words.settings.study.countries
    if absent := [] if studied == ALL else [code for code in pilot if code not in studied]:
        country = words.settings.language.country
        yield words.say(
            "orion.not_studied",
            pilot=words.join([country(code) for code in pilot]),
            absent=words.join([country(code) for code in absent]),
        )


def _effect(words: Words, name: str) -> Markup:
    row, numbers, language = words.numbers[name], words.numbers, words.settings.language
    if words.direction(name) == MISSING:
        numbers.record(name)
        return words.say("orion.missing", reason=numbers.why_missing(name))
    return words.effect(
        f"orion.{row.word('method')}",
        name,
        method=language.plain(f"methods.{row.word('method')}"),
        against=language.plain(f"methods.{row.word('comparator')}"),
        score=words.score(words.main_score),
        p_value=numbers.p_value(name),
        mentored=numbers.column(name, "n_mentored"),
        others=numbers.column(name, "n_other"),
    )


def orion_disputed(words: Words) -> Sentences:
    """Which effects of mentoring differ from 0 under some errors and not under others."""
    effects = words.frames["effects"].drop_duplicates(
        ["comparator", "method", "country", "outcome"]
    )
    rows = effects[effects["outcome"] == words.main_score]
    found = words.disputed(ids(rows))
    if not found:
        return
    first = words.numbers[next(iter(found))]
    yield words.say(
        "orion.disputed",
        score=words.score(words.main_score),
        number=words.whole(len(found)),
        all=words.whole(sum(words.direction(name) != MISSING for name in ids(rows))),
        alpha=words.alpha,
        first=error_of(first, words.settings.language),
    )
    comparator = words.settings.orion.comparators[0]
    for name, others in found.items():
        row = words.numbers[name]
        if row.word("comparator") == comparator or row.word("country") == ALL:
            yield _disputed(words, name, others)


def _disputed(words: Words, name: str, others: Sequence[Row]) -> Markup:
    """One effect with its p-value, and those under the errors that decide otherwise."""
    language, numbers, row = words.settings.language, words.numbers, words.numbers[name]
    whole = row.word("country") == ALL
    place = language.plain("words.pilot_countries")
    return words.say(
        "orion.disputed_one",
        place=place if whole else language.country(row.word("country")),
        method=in_sentence(language.plain(f"methods.{row.word('method')}")),
        against=language.plain(f"methods.{row.word('comparator')}"),
        value=numbers.points(name, signed=True),
        p_value=numbers.p_value(name),
        error=error_of(row, language),
        others=words.join([words.under("orion.disputed_under", one) for one in others]),
    )


def orion_elsewhere(words: Words) -> Sentences:
    """Warn that returnees of other countries differ by more than mentoring."""
    rows = words.frames["effects"]
    plain = (rows["comparator"] == "all_countries") & (rows["method"] != "adjusted")
    if (plain & (rows["status"] == "ok")).any():
        yield words.say("orion.elsewhere")


def orion_size(words: Words) -> Sentences:
    """The adjusted effect in standard deviations."""
    rows = words.frames["effects"]
    name = find(rows, method="adjusted", outcome=words.main_score, country=ALL)
    if name and not words.numbers.why_missing(name):
        size = words.numbers.column(name, "effect_size", digits=2, signed=True)
        yield words.say("orion.size", size=size)


def orion_changes(words: Words) -> Sentences:
    """How both groups changed from first to last survey, by country."""
    changes, language = words.frames["orion_changes"], words.settings.language
    rows = changes[changes["outcome"] == words.main_score]
    present = list(dict.fromkeys(rows["country"]))
    order = [code for code in words.settings.orion.countries if code in present]
    order += [ALL] if ALL in present and len(described_countries(words)) > 1 else []
    for country in order:
        found = {g: find(rows, group=g, country=country) for g in ("mentored", "others")}
        if not all(found.values()):
            continue
        parts = {g: _change(words, g, str(name)) for g, name in found.items()}
        if all(words.direction(str(name)) == MISSING for name in found.values()):
            continue
        whole = country == ALL
        place = language.plain("words.pilot_countries") if whole else language.country(country)
        yield words.say("orion.changes", place=place, **parts)


def _change(words: Words, group: str, name: str) -> Markup:
    who = words.settings.language.plain(f"story.orion.{group}")
    row, margin = words.numbers[name], words.settings.orion.level_margin
    if words.direction(name) == MISSING:
        words.numbers.record(name)
        reason = words.numbers.why_missing(name)
        return words.say("orion.group_missing", who=who, reason=reason)
    ends = [row.get("conf_low"), row.get("conf_high")]
    if not any(map(is_missing, ends)) and -margin < min(ends) and max(ends) < margin:
        value, interval = words.signed(name)
        shown = words.settings.language.number(margin, 2)
        return words.say("orion.group_level", who=who, value=value, interval=interval, margin=shown)
    return words.effect("orion.group", name, who=who)
