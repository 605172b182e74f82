"""Sentences on the data: who is in, what was left out, what they had lived; and on the claims."""

from markupsafe import Markup

from reintegration.report.language import ALL
from reintegration.report.story.common import Sentences, described_countries, find
from reintegration.report.wording import Words


def sample(words: Words) -> Sentences:
    """Who was analysed."""
    described = words.frames["descriptives"]
    language, numbers = words.settings.language, words.numbers

    def count(variable: str) -> str | None:
        return find(described, statistic="n", variable=variable, country=ALL)

    surveys, returnees = count("surveys"), count("returnees")
    codes = described_countries(words)
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
        if name and not numbers[name].good:
            numbers.record(name)
            yield words.say(f"sample.unknown_{variable}")
        elif name and not numbers[name].value:
            numbers.record(name)
            yield words.say(f"sample.no_{variable}")
        elif name:
            yield words.say(f"sample.{variable}", number=numbers.count(name))


def sources(words: Words) -> Sentences:
    """Which files were left out, and why; which countries of the study have no survey."""
    table = words.frames["sources"]
    left = table[table["status"] == "left_out"]
    named = [
        words.say("sample.left_out_one", source=row["file"], reason=row["reason"])
        for row in left.to_dict("records")
    ]
    if named:
        yield words.say("sample.left_out", sources=words.join(named))
    else:
        yield words.say("sample.nothing_left_out")
    if absent := absent_countries(words):
        names = [words.settings.language.country(code) for code in absent]
        yield words.say("sample.absent_countries", countries=words.join(names))


def absent_countries(words: Words) -> list[str]:
    """Countries that the study names and no survey is of."""
    countries = words.settings.study.countries
    found = {*described_countries(words)}
    return [] if countries == "all" else [code for code in countries if code not in found]


def something_left_out(words: Words) -> bool:
    """Whether a file or a country is missing from the study."""
    left = (words.frames["sources"]["status"] == "left_out").any()
    return bool(left) or bool(absent_countries(words))


def not_asked(words: Words) -> Sentences:
    """Which files hold no column for an item, a type of assistance or mentoring."""
    table, language = words.frames["sources"], words.settings.language
    if "absent" not in table:
        return
    types = language.codebook.assistance_columns
    beside = language.codebook.instruments[1:]
    told = [*language.codebook.items, *types, "orion"]
    files = []
    for row in table[table["status"] != "left_out"].fillna({"absent": ""}).to_dict("records"):
        names = [name for name in told if name in str(row["absent"]).split()]
        if {*types} <= {*names}:
            names = [name for name in names if name not in types]
            labels = [words.say("sample.all_assistance")]
        else:
            labels = []
        for part in beside:
            if {*part.items} <= {*names}:
                names = [name for name in names if name not in part.items]
                labels.append(Markup.escape(part.title.in_language(language.code)))
        labels += [Markup.escape(language.variable(name)) for name in names]
        if labels:
            listed = Markup(", ").join(labels)
            files.append(words.say("sample.not_asked_one", source=row["file"], questions=listed))
    if files:
        yield words.say("sample.not_asked", sources=Markup("; ").join(files))


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
        name = find(
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


def claims(words: Words) -> Sentences:
    """How many sentences of the published study can be tested, and how they came out."""
    table = words.frames["claims"]
    if table.empty:
        yield words.say("claims.none")
        return
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
    other = tested["otherwise"].notna().sum() if "otherwise" in tested else 0
    if other:
        yield words.say("claims.otherwise", number=words.whole(int(other)))
    if not words.settings.simulated:
        return
    held = tested["verdict"] == "holds"
    planted, absent = tested["planted"] == "yes", tested["planted"] == "no"
    yield words.say(
        "claims.planted",
        planted=words.whole(int(planted.sum())),
        recovered=words.whole(int((planted & held).sum())),
    )
    if absent.any():
        yield words.say(
            "claims.absent",
            absent=words.whole(int(absent.sum())),
            found=words.whole(int((absent & held).sum())),
        )
