"""What the study found, section by section, as sentences taken from results."""

from collections.abc import Iterator

import pandas as pd
from markupsafe import Markup

from reintegration.report.language import ALL, is_missing
from reintegration.report.select import (
    CHANGES,
    SURVEYS,
    is_not_recorded,
    main_specification,
    slopes_of_countries,
    terms_of,
)
from reintegration.report.wording import ABOVE, BELOW, ENDS, MISSING, OPEN, Words

Sentences = Iterator[Markup]
DIFFERENCE = "_minus_"  # in the name of a group: the difference of two groups' shares


def _ids(frame: pd.DataFrame) -> list[str]:
    return [str(name) for name in frame["estimate_id"]]


def _countries(words: Words) -> list[str]:
    """Countries that are described."""
    found = words.frames["descriptives"]["country"].dropna().unique()
    return [str(code) for code in found if code != ALL]


def _find(frame: pd.DataFrame, **wanted: str) -> str | None:
    """Id of the first row with these values."""
    for column, value in wanted.items():
        frame = frame[frame[column].fillna("").astype(str) == value]
    return None if frame.empty else str(frame["estimate_id"].iloc[0])


# ---------------------------------------------------------------- data


def sample(words: Words) -> Sentences:
    """Who was analysed."""
    described = words.frames["descriptives"]
    language, numbers = words.settings.language, words.numbers

    def count(variable: str) -> str | None:
        return _find(described, statistic="n", variable=variable, country=ALL)

    surveys, returnees = count("surveys"), count("returnees")
    codes = _countries(words)
    many, countries = count("countries"), words.say("missing_all")
    if many and len(codes) != 1:
        countries = words.say("sample.countries_many", number=numbers.count(many))
    elif codes:
        countries = words.say("sample.countries_one", country=language.country(codes[0]))
    if surveys and returnees:
        study = words.settings.study
        yield words.say(
            "sample.whole",
            surveys=numbers.count(surveys),
            returnees=numbers.count(returnees),
            countries=countries,
            first=Markup("<time>{}</time>").format(study.first_survey),
            last=Markup("<time>{}</time>").format(study.last_survey),
        )
    for variable in ("follow_ups", "mentored"):
        name = count(variable)
        if name and not numbers[name].value:
            numbers.record(name)
            yield words.say(f"sample.no_{variable}")
        elif name:
            yield words.say(f"sample.{variable}", number=numbers.count(name))


def sources(words: Words) -> Sentences:
    """Which files were left out, and why."""
    table = words.frames["sources"]
    left = table[table["status"] == "left_out"]
    if left.empty:
        yield words.say("sample.nothing_left_out")
        return
    named = [
        words.say("sample.left_out_one", source=row["file"], reason=row["reason"])
        for row in left.to_dict("records")
    ]
    yield words.say("sample.left_out", sources=words.join(named))


def migration(words: Words) -> Sentences:
    """What they had lived: stranded, months abroad, how the return was decided."""
    described = words.frames["descriptives"]
    language, numbers = words.settings.language, words.numbers
    for variable, answer in (
        ("stranded", "yes"),
        ("abroad_under_six_months", "yes"),
        ("return_decision", "stranded"),
        ("return_decision", "detention"),
        ("return_decision", "change_of_mind"),
    ):
        name = _find(
            described, statistic="share_returnees", variable=variable, answer=answer, country=ALL
        )
        if name is None:
            continue
        what = language.variable(variable)
        if answer != "yes":
            what = f"{what}: {language.answer(variable, answer)}"
        yield words.say(
            "sample.share",
            what=what,
            share=numbers.share(name),
            interval=numbers.interval(name, as_share=True),
        )


# ---------------------------------------------------------------- scores and countries


def scores(words: Words) -> Sentences:
    """Mean scores, overall and at both ends."""
    described, numbers = words.frames["descriptives"], words.numbers
    means = described[described["statistic"] == "mean"]
    whole = _find(means, variable=words.main_score, country=ALL)
    if whole is None:
        return
    yield words.say(
        "scores.mean",
        score=words.score(words.main_score),
        mean=numbers.points(whole),
        interval=numbers.interval(whole),
    )
    found = {name: _find(means, variable=name, country=ALL) for name in words.dimensions}
    parts = [
        words.say("scores.dimension", mean=numbers.points(name), score=words.score(score))
        for score, name in found.items()
        if name
    ]
    if parts:
        yield words.say("scores.dimensions", list=words.join(parts))
    own = means[(means["variable"] == words.main_score) & (means["country"] != ALL)]
    order = words.by_value(_ids(own))
    if len(order) > 1:
        country = words.settings.language.country
        first, last = order[0], order[-1]
        yield words.say(
            "scores.ends",
            lowest=country(numbers[first].word("country")),
            low=numbers.points(first),
            highest=country(numbers[last].word("country")),
            high=numbers.points(last),
        )


def _country_terms(words: Words) -> pd.DataFrame:
    specs = main_specification(words.frames["specs"], SURVEYS, words.settings.codebook.score_names)
    terms = terms_of(words.frames["estimates"], specs)
    main = (terms["group"] == "country") & (terms["outcome"] == words.main_score)
    return terms[main]


def countries(words: Words) -> Sentences:
    """Deviations of countries in the main score, and how sure their order is."""
    terms = _country_terms(words)
    if len(_countries(words)) == 1 or terms.empty:
        for name in _ids(terms):
            words.numbers.record(name)
        yield words.say("countries.single")
        return
    sides = words.tally(_ids(terms))
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
    order = words.by_value(_ids(terms))
    ends = min(ENDS, len(order) // 2)
    if ends:
        yield words.say("countries.lowest", list=_list_countries(words, order[:ends]))
        yield words.say("countries.highest", list=_list_countries(words, order[-ends:][::-1]))
    yield from _ranks(words, order[: max(ends, 1)])


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
        found = _find(ranks, spec_id=row.word("spec_id"), country=code)
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
    specs = main_specification(words.frames["specs"], SURVEYS, words.settings.codebook.score_names)
    own = specs.loc[specs["outcome"] == words.main_score, "spec_id"]
    rows = table[table["spec_id"].isin(own)]
    country = _find(rows, group="country")
    if country is None or numbers.why_missing(country):
        return
    others = [
        words.say(
            "countries.importance_one",
            share=numbers.share(name),
            group=words.settings.language.variable(numbers[name].word("group")).lower(),
        )
        for name in words.by_value(_ids(rows))[::-1]
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


# ---------------------------------------------------------------- assistance and network


def assistance(words: Words, data: str) -> Sentences:
    """Which types of assistance go with higher (or better) scores in every dimension."""
    kind = "changes" if data == CHANGES else "levels"
    specs = main_specification(words.frames["specs"], data, words.settings.codebook.score_names)
    terms = terms_of(words.frames["estimates"], specs)
    terms = terms[(terms["group"] == "assistance") & ~is_not_recorded(terms)]
    sides: dict[str, list[str]] = {"up": [], "down": [], "mixed": []}
    for term, rows in terms.groupby("term", sort=False):
        dims = rows[rows["outcome"].str.removeprefix("change_").isin(words.dimensions)]
        tally = words.tally(_ids(dims))
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


def network(words: Words, country: str | None) -> Sentences:
    """Who rates the own network as poor, in the country in focus and in all."""
    described, numbers = words.frames["descriptives"], words.numbers
    rows = described[(described["variable"] == "network_poor") & (described["answer"] == "yes")]
    whole = ALL if len(_countries(words)) > 1 else None
    for code, key in ((country, "poor"), (whole, "all")):
        name = _find(rows, country=code) if code else None
        if name is None:
            continue
        if numbers.why_missing(name):
            yield words.say("network.missing", reason=numbers.why_missing(name))
            continue
        yield words.say(
            f"network.{key}",
            country=words.settings.language.country(code or ALL),
            share=numbers.share(name),
            interval=numbers.interval(name, as_share=True),
        )


# ---------------------------------------------------------------- trends


def trends(words: Words) -> Sentences:
    """In how many countries the main score rises or falls, and where most."""
    table, language = words.frames["slopes"], words.settings.language
    slopes = slopes_of_countries(table)
    slopes = slopes[slopes["outcome"] == words.main_score]
    for method in ("within", "pooled"):
        rows = slopes[slopes["method"] == method]
        if rows.empty:
            continue
        sides = words.tally(_ids(rows))
        usable = len(rows) - len(sides[MISSING])
        named = language.plain(f"methods.{method}")
        if not usable:
            yield words.say("trends.missing", method=named, reason=words.reason(rows))
            continue
        if len(rows) == 1:
            country = language.country(str(rows["country"].iloc[0]))
            score = words.score(words.main_score)
            name = _ids(rows)[0]
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
            yield from _slope_ends(words, _ids(rows))
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


# ---------------------------------------------------------------- ORION


def orion(words: Words, comparator: str | None = None) -> Sentences:
    """The effect of mentoring on the main score by each method, over the pilot's countries."""
    effects = words.frames["effects"].drop_duplicates(
        ["comparator", "method", "country", "outcome"]
    )
    rows = effects[(effects["outcome"] == words.main_score) & (effects["country"] == ALL)]
    if comparator:
        rows = rows[rows["comparator"] == comparator]
    names = _ids(rows)
    if all(words.direction(name) == MISSING for name in names):
        for name in names:
            words.numbers.record(name)
        yield words.say("orion.missing", reason=words.reason(rows))
        return
    for name in names:
        yield _effect(words, name)


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


def orion_size(words: Words) -> Sentences:
    """The adjusted effect in standard deviations."""
    rows = words.frames["effects"]
    name = _find(rows, method="adjusted", outcome=words.main_score, country=ALL)
    if name and not words.numbers.why_missing(name):
        size = words.numbers.column(name, "effect_size", digits=2, signed=True)
        yield words.say("orion.size", size=size)


def orion_changes(words: Words) -> Sentences:
    """How both groups changed from first to last survey, by country."""
    changes, language = words.frames["orion_changes"], words.settings.language
    rows = changes[changes["outcome"] == words.main_score]
    present = list(dict.fromkeys(rows["country"]))
    order = [code for code in words.settings.orion.countries if code in present]
    order += [ALL] if ALL in present and len(_countries(words)) > 1 else []
    for country in order:
        found = {g: _find(rows, group=g, country=country) for g in ("mentored", "others")}
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


# ---------------------------------------------------------------- claims


def claims(words: Words) -> Sentences:
    """How many sentences of the published study can be tested, and how they came out."""
    table = words.frames["claims"]
    tested = table[table["verdict"] != "not_testable"]
    parts = [
        words.say(
            f"claims.{verdict}", number=words.whole(int((tested["verdict"] == verdict).sum()))
        )
        for verdict in ("holds", "contradicted", "inconclusive")
    ]
    yield words.say(
        "claims.counts",
        number=words.whole(len(table)),
        testable=words.whole(len(tested)),
        list=words.join(parts),
    )
    if not words.settings.simulated:
        return
    held = tested["verdict"] == "holds"
    planted, absent = tested["planted"] == "yes", tested["planted"] == "no"
    yield words.say(
        "claims.planted",
        planted=words.whole(int(planted.sum())),
        recovered=words.whole(int((planted & held).sum())),
        absent=words.whole(int(absent.sum())),
        found=words.whole(int((absent & held).sum())),
    )
