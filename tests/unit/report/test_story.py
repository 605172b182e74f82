import dataclasses

import pandas as pd
import pytest

from reintegration.report import story
from reintegration.report.numbers import Numbers
from reintegration.report.select import CHANGES, SURVEYS
from reintegration.report.wording import ABOVE, BELOW, MISSING, OPEN, Words, vcov_label


@pytest.fixture
def words(numbers, frames, settings) -> Words:
    return Words(numbers, frames, settings)


@pytest.fixture
def bare_words(bare_frames, settings) -> Words:
    numbers = Numbers(bare_frames, settings.language, (), settings.minimum_cell)
    return Words(numbers, bare_frames, settings)


def everything(words: Words) -> list[str]:
    parts = [
        story.sample(words),
        story.sources(words),
        story.not_asked(words),
        story.migration(words),
        story.scores(words),
        story.countries(words),
        story.importance(words),
        story.assistance(words, SURVEYS),
        story.assistance(words, CHANGES),
        story.network(words, "NGA"),
        story.trends(words),
        story.orion(words),
        story.orion_elsewhere(words),
        story.orion_size(words),
        story.orion_changes(words),
        story.claims(words),
    ]
    return [str(sentence.striptags()) for part in parts for sentence in part]


def test_the_side_of_zero_is_that_of_the_interval(settings):
    rows = [
        ("up", 0.2, 0.1, 0.3, "ok"),
        ("down", -0.2, -0.3, -0.1, "ok"),
        ("open", 0.2, -0.1, 0.5, "ok"),
        ("none", None, None, None, "failed"),
    ]
    names = ["estimate_id", "estimate", "conf_low", "conf_high", "status"]
    numbers = Numbers({"estimates": pd.DataFrame(rows, columns=names)}, settings.language)
    words = Words(numbers, {}, settings)
    assert [words.direction(row[0]) for row in rows] == [ABOVE, BELOW, OPEN, MISSING]


def test_every_sentence_is_whole(words):
    for sentence in everything(words):
        assert "nan" not in sentence.lower().split()
        assert "None" not in sentence
        assert "{" not in sentence
        assert sentence.endswith(".")


def test_a_bare_study_is_told_without_a_gap(bare_words):
    sentences = everything(bare_words)
    text = " ".join(sentences)
    assert "nan" not in text.lower().split()
    assert "no returnee has two surveys" in text
    assert "no mentored returnee has two surveys" in text
    assert "The study has one country" in text
    assert "in Nigeria are analysed" in text


def test_left_out_sources_are_named_with_their_reason(words):
    assert "bad.csv (the column q1 is missing)" in next(story.sources(words)).striptags()


def test_countries_without_a_survey_are_named(frames, settings):
    study = settings.study.model_copy(update={"countries": ["GIN", "UGA", "TGO"]})
    changed = dataclasses.replace(settings, study=study)
    words = Words(Numbers(frames, changed.language), frames, changed)
    text = " ".join(sentence.striptags() for sentence in story.sources(words))
    assert "Without a survey, of the countries of the study: Uganda and Togo." in text
    assert story.something_left_out(words)


def test_what_a_file_did_not_ask_is_said(frames, settings):
    types = " ".join(settings.language.codebook.assistance_columns)
    table = pd.DataFrame(
        {
            "file": ["a.csv", "b&.csv", "c.csv"],
            "status": "used",
            "absent": ["round q22 assistance_legal", f"orion {types}", None],
        }
    )
    changed = {**frames, "sources": table}
    words = Words(Numbers(changed, settings.language), changed, settings)
    (said,) = [sentence.striptags() for sentence in story.not_asked(words)]
    assert "a.csv (Support network, Legal services); b&.csv (all types of assistance, " in said
    assert "round" not in said and "c.csv" not in said


def test_items_that_some_files_did_not_ask_are_said_beside_the_countries(frames, settings):
    rows = [("a.csv", "q10 round q8"), ("b.csv", "q8 q10"), ("c.csv", "assistance_cash")]
    table = pd.DataFrame(rows, columns=["file", "absent"]).assign(status="used")
    changed = {**frames, "sources": table}
    words = Words(Numbers(changed, settings.language), changed, settings)
    (said,) = [str(sentence.striptags()) for sentence in story.asked_differently(words)]
    assert said.startswith(
        "Not every file asked every question: q8 and q10 not in a.csv and b.csv."
    )
    everywhere = {**frames, "sources": table.iloc[2:]}
    assert not list(story.asked_differently(Words(words.numbers, everywhere, settings)))


def test_countries_of_the_pilot_that_are_not_studied_are_said(words):
    assert not list(story.orion_not_studied(words))
    study = words.settings.study.model_copy(update={"countries": ["SEN", "UGA"]})
    here = dataclasses.replace(words, settings=dataclasses.replace(words.settings, study=study))
    (said,) = [str(sentence.striptags()) for sentence in story.orion_not_studied(here)]
    assert said.endswith("not studied here: Guinea and Morocco.")


def test_mentoring_that_is_not_recorded_is_not_said_to_be_none(frames, settings):
    described = frames["descriptives"].copy()
    mentored = described["variable"] == "mentored"
    described.loc[mentored, ["estimate", "status"]] = [float("nan"), "not_estimable"]
    changed = {**frames, "descriptives": described}
    words = Words(Numbers(changed, settings.language), changed, settings)
    text = " ".join(str(sentence.striptags()) for sentence in story.sample(words))
    assert "Whether returnees were mentored in the ORION pilot is not recorded." in text
    assert "No returnee was mentored" not in text


def test_an_effect_that_holds_zero_is_inconclusive(frames, settings):
    effects = frames["effects"].assign(conf_low=-0.1, conf_high=0.1)
    changed = {**frames, "effects": effects}
    words = Words(Numbers(changed, settings.language), changed, settings)
    told = [str(sentence) for sentence in story.orion(words)]
    assert told
    assert all("inconclusive" in sentence for sentence in told)
    assert not any("higher" in sentence or "lower" in sentence for sentence in told)


def test_a_comparison_across_countries_is_never_left_without_a_warning(frames, settings):
    def warning(**columns: str) -> list[str]:
        changed = {**frames, "effects": frames["effects"].assign(status="ok", **columns)}
        words = Words(Numbers(changed, settings.language), changed, settings)
        return [str(sentence) for sentence in story.orion_elsewhere(words)]

    (told,) = warning(comparator="all_countries", method="last")
    assert "what sets the pilot countries apart" in told.replace("\n", " ")
    assert not warning(comparator="all_countries", method="adjusted")
    assert not warning(comparator="same_countries", method="last")


def test_all_dimensions_must_agree_before_it_is_said(frames, settings):
    estimates = frames["estimates"].copy()
    training = estimates["term"].eq("training") & estimates["spec_id"].str.startswith("levels")
    estimates.loc[training, ["conf_low", "conf_high"]] = (0.01, 0.05)
    changed = {**frames, "estimates": estimates}
    words = Words(Numbers(changed, settings.language), changed, settings)
    up = "Returnees who had received training score higher in every dimension"
    assert any(up in sentence for sentence in story.assistance(words, SURVEYS))
    one = training & estimates["outcome"].eq("social")
    estimates.loc[one, "conf_low"] = -0.01
    words = Words(Numbers(changed, settings.language), changed, settings)
    assert not any("training score higher" in s for s in story.assistance(words, SURVEYS))


def test_planted_sentences_are_counted_on_simulated_data_only(
    words, frames, numbers, real_settings
):
    assert len(list(story.claims(words))) == 2
    assert len(list(story.claims(Words(numbers, frames, real_settings)))) == 1


def test_what_is_not_planted_is_counted_only_where_there_is_such_a_thing(words, frames, settings):
    claims = frames["claims"].copy()
    claims["planted"] = "no"
    changed = Words(words.numbers, {**frames, "claims": claims}, settings)
    tested = int((claims["verdict"] != "not_testable").sum())
    assert f"does not make {tested} of them true" in list(story.claims(changed))[-1]


def test_an_error_is_named_by_what_was_computed(settings):
    rows = pd.DataFrame(
        {"vcov": ["CR1S", "CR1S", "HC3"], "cluster_var": ["returnee_id", "returnee_id", None]}
    )
    assert vcov_label(rows, settings.language) == "CR1S clustered by returnee and HC3"


@pytest.mark.parametrize(
    "p_values, said", [((0.0001, 0.12), 1), ((0.2, 0.01), 1), ((0.01, 0.02), 0), ((0.2, 0.1), 0)]
)
def test_errors_that_disagree_are_told_with_both_p_values(frames, settings, p_values, said):
    effects = frames["effects"]
    hc3 = effects["estimate_id"] == "orion.change.same_countries.composite.MAR.hc3"
    own = effects.assign(p_value=effects["p_value"].where(~hc3, p_values[0]))
    other = own[hc3].assign(
        estimate_id="orion.change.same_countries.composite.MAR.cr2-location_id",
        vcov="CR2", cluster_var="location_id", p_value=p_values[1],
    )  # fmt: skip
    known = frames | {"effects": pd.concat([own, other], ignore_index=True)}
    words = Words(Numbers(known, settings.language), known, settings)
    told = [str(sentence.striptags()) for sentence in story.orion_disputed(words)]
    assert len(told) == 2 * said
    if said:
        assert "Errors disagree." in told[0] and " For 1 of the " in told[0]
        assert told[1].startswith("Morocco, change from first to last survey, against the others")
        assert "under HC3, but" in told[1] and "under CR2 clustered by location." in told[1]
        for p_value in p_values:
            assert settings.language.p_value(p_value) in told[1].replace("\xa0", " ")


def test_the_number_of_regressions_says_what_it_counts(frames, settings):
    specs = pd.DataFrame(
        {
            "spec_id": ["levels.social", "country_only.social", "levels.social.weight",
                        "orion.last.a.social.all", "orion_mean.x", "orion_change.x",
                        "trend.within.social.GIN", "trend.pooled.social.GIN"],
            "refit_of": [None, None, "levels.social", *[None] * 5],
            "declared_in": ["specifications.levels", "specifications.country_only",
                            "specifications.levels", *["orion"] * 3, "trends", "trends"],
        }
    )  # fmt: skip
    ledger = pd.DataFrame(
        {"ledger": ["as_planned"] * 8, "frozen_on": "2026-01-02", "results_seen": "no"}
    )
    known = {**frames, "specs": specs, "ledger": ledger}
    words = Words(Numbers(known, settings.language), known, settings)
    told = [str(sentence) for sentence in story.ledger(words)]
    assert told[1] == (
        "Each outcome is a regression of its own; the 8 are 1 declared in config.yaml, 1 shorter"
        " columns of these, 1 refits, 1 for the effects of ORION, 1 for ORION’s means, 1 for the"
        " changes of its groups and 2 for trendlines, by country and method."
    )
