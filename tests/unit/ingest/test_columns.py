import pytest

from reintegration.codebook import load_codebook
from reintegration.errors import StudyError
from reintegration.ingest.columns import (
    check_sources,
    find_columns,
    needed_names,
    raw_names,
    wanted_columns,
)
from reintegration.ingest.source import Source


def source(**more):
    return Source.model_validate({"source": "s", "file": "s.csv", "country": "SEN", **more})


def needed(codebook, *extra):
    return [*needed_names(source(), codebook), *extra]


def test_columns_of_the_codebooks_own_names_need_no_mapping(codebook):
    names = ["Remarks", *[name.upper() for name in raw_names(codebook)], "SURVEY  DATE "]
    names.remove("SURVEY_DATE")
    found = find_columns(source(), codebook, names, "s.csv")
    assert found.single["q1"] == [names.index("Q1")]
    assert found.single["survey_date"] == [len(names) - 1]
    assert found.single["assistance_training_date"] == [names.index("ASSISTANCE_TRAINING_DATE")]


def test_declared_columns_come_first_and_several_are_kept_in_order(codebook):
    names = needed(codebook, "Âge (new)", "age_old", "sex")
    mapped = source(columns={"age": ["age_old", "age (NEW)"], "q1": "q2", "q2": "q1"})
    found = find_columns(mapped, codebook, names, "s.csv")
    assert found.single["age"] == [names.index("age_old"), names.index("Âge (new)")]
    assert found.single["q1"] == [names.index("q2")]
    assert found.single["q2"] == [names.index("q1")]
    assert found.single["sex"] == [names.index("sex")]


def test_kobo_columns_are_found_below_their_groups(codebook):
    plain = needed(codebook)
    plain.remove("q8")
    names = [f"group/part one/{name}" for name in plain]
    names += ["a/q8/land", "a/q8/none", "_uuid", "_submission_time"]
    kobo = source(format="kobo", file="s.xlsx")
    found = find_columns(kobo, codebook, names, "s.xlsx")
    assert found.single["q30"] == [names.index("group/part one/q30")]
    assert found.options["q8"] == {
        "land": names.index("a/q8/land"),
        "none": names.index("a/q8/none"),
    }
    plain = find_columns(source(), codebook, names, "s.csv")  # `_uuid` tells where it is from
    assert plain == found


@pytest.mark.parametrize("written", ["{}/{}", "{}.{}", "{}-{}", "{}:{}"])
def test_groups_are_known_by_either_separator(codebook, written):
    plain = [name for name in needed(codebook) if name != "q8"]
    names = [written.format("a_group", name) for name in plain]
    names += [written.format("a_group.q8", "land"), "X_uuid", "Remarks", "a_group/Notes"]
    moved = {"age": "old_group/Remarks", "dependants": "Notes"}
    found = find_columns(source(columns=moved), codebook, names, "s.csv")
    assert found.single["q30"] == [plain.index("q30")]
    assert found.options["q8"] == {"land": len(plain)}
    assert found.single["age"] == [len(names) - 2]  # exported with groups once, and without now
    assert found.single["dependants"] == [len(names) - 1]
    with pytest.raises(StudyError, match="no column 'spouse/Notes', declared for age"):
        find_columns(source(columns={"age": "spouse/Notes"}), codebook, names, "s.csv")


def test_without_signs_of_kobo_a_slash_is_no_group(codebook):
    names = [name for name in needed(codebook) if name != "q7"]
    with pytest.raises(StudyError, match="no column for q7"):
        find_columns(source(), codebook, [*names, "age/q7"], "s.csv")
    many = [f"group/{name}" for name in needed(codebook)]
    assert find_columns(source(), codebook, many, "s.csv").single["q7"]


def test_a_question_that_stands_in_two_groups_is_asked_about(codebook):
    names = [f"a/{name}" for name in needed(codebook, "age")] + ["spouse/age", "_uuid"]
    with pytest.raises(StudyError, match=r"'age' stands 2 times \(a/age, spouse/age\)"):
        find_columns(source(), codebook, names, "s.csv")
    chosen = find_columns(source(columns={"age": "a/age"}), codebook, names, "s.csv")
    assert chosen.single["age"] == [names.index("a/age")]


def test_options_by_label_and_options_that_stand_twice(codebook):
    names = [name for name in needed(codebook) if name != "q8"]
    found = find_columns(source(), codebook, [*names, "q8/Terre", "Q8_animals"], "s.csv")
    assert found.options["q8"] == {"land": len(names), "animals": len(names) + 1}
    with pytest.raises(StudyError, match="'q8/Terre' and 'q8/land' stand for the same answer"):
        find_columns(source(), codebook, [*names, "q8/Terre", "q8/land"], "s.csv")


def test_every_missing_column_is_named_at_once_with_what_is_near(codebook):
    names = needed(codebook)
    names.remove("q7")
    names.remove("q22")
    names[names.index("survey_date")] = "survey_dat"
    mapped = source(columns={"q7": "Q7 travail", "age": "Agee"})
    with pytest.raises(StudyError) as caught:
        find_columns(mapped, codebook, names, "raw/s.csv")
    message = str(caught.value)
    assert "raw/s.csv: no column 'Q7 travail', declared for q7" in message
    assert "raw/s.csv: no column 'Agee', declared for age" in message
    assert "no column for q22 (Support network), which is needed" in message
    assert (
        "no column for survey_date (Date of interview), which is needed "
        "(did you mean 'survey_dat'?)" in message
    )
    assert "`not_asked`" in message


def test_names_of_the_file_that_are_not_near_are_not_shown(codebook):
    names = [name for name in needed(codebook) if name != "q7"] + ["Awa Testdiallo"]
    with pytest.raises(StudyError) as caught:
        find_columns(source(), codebook, names, "s.csv")
    assert "Testdiallo" not in str(caught.value)


def test_a_question_that_was_not_asked_is_declared_so(codebook):
    names = [name for name in needed(codebook) if name != "q7"]
    found = find_columns(source(not_asked=["q7"]), codebook, names, "s.csv")
    assert "q7" not in found.single


def test_a_header_that_stands_twice_is_refused_where_it_matters(codebook):
    names = needed(codebook, "Remarks", "Remarks")
    find_columns(source(), codebook, names, "s.csv")
    exact = find_columns(source(), codebook, [*names, "Q3"], "s.csv")
    assert exact.single["q3"] == [names.index("q3")]
    with pytest.raises(StudyError, match="column 'q3' stands 2 times") as caught:
        find_columns(source(), codebook, [*names, "q3"], "s.csv")
    assert "no column for q3" not in str(caught.value)
    with pytest.raises(StudyError, match="'Remarks', declared for age, stands 2 times"):
        find_columns(source(columns={"age": "Remarks"}), codebook, names, "s.csv")


def test_one_column_cannot_stand_for_two_names_unless_it_is_read_in_two_ways(codebook):
    names = [name for name in needed(codebook, "Food") if name not in ("q2", "q26")]
    twice = {"q2": "Food", "q26": "Food"}
    with pytest.raises(StudyError, match="'Food' is declared for q2 and for q26"):
        find_columns(source(columns=twice), codebook, names, "s.csv")
    read_otherwise = source(columns=twice, answers={"q26": {"1": "never"}})
    assert find_columns(read_otherwise, codebook, names, "s.csv").single["q2"] == [len(names) - 1]
    with pytest.raises(StudyError, match=r"no column for q3 .* is declared for q2\)"):
        find_columns(source(columns={"q2": "q3"}), codebook, needed(codebook), "s.csv")


def test_a_column_that_is_there_was_asked(codebook):
    with pytest.raises(StudyError, match="column 'q7' is there, and `not_asked` says"):
        find_columns(source(not_asked=["q7"]), codebook, needed(codebook), "s.csv")
    dropped = source(not_asked=["q7"], drop=["q7"])
    assert "q7" not in find_columns(dropped, codebook, needed(codebook), "s.csv").single


def test_a_file_of_something_else_is_said_in_one_line(codebook):
    with pytest.raises(StudyError) as caught:
        find_columns(source(), codebook, ["phone", "x"], "s.csv")
    assert len(caught.value.problems) == 2
    assert "q30, which are needed; is this the right file" in caught.value.problems[0]


def test_dropped_columns_are_not_taken_for_a_codebook_name(codebook):
    names = needed(codebook, "age")
    assert "age" not in find_columns(source(drop=["age"]), codebook, names, "s.csv").single


def test_names_and_codes_of_a_yaml_are_checked_against_the_codebook(codebook):
    wrong = source(
        columns={"q31": "Q31", "q8": "Biens", "q9": "Q9"},
        answers={"q7": {"1": "ja"}, "sexe": {"1": "man"}, "q8": {"x": "land goats"}},
        select_multiple={"q7": {"yes": "a"}, "q8": {"gold": "b"}},
        not_asked=["survey_date", "q9"],
        date_order={"surveydate": "dmy"},
    )
    with pytest.raises(StudyError) as caught:
        check_sources([source(), wrong], codebook)
    message = str(caught.value)
    for part in (
        "source s: columns: 'q31' is not in the codebook",
        "answers.q7: 'ja' is no code of the codebook; allowed are yes, no, dont_know",
        "answers: 'sexe' is not in the codebook",
        "answers.q8: 'goats' is no code",
        "select_multiple: q7 takes one answer",
        "select_multiple.q8: 'gold' is no code",
        "select_multiple: q8 stands under `columns` too",
        "not_asked: survey_date is needed",
        "not_asked: q9 has columns of its own",
        "date_order: 'surveydate' is not in the codebook (did you mean 'survey_date'?)",
    ):
        assert part in message


def test_a_header_is_recognised_by_declared_and_own_names(codebook):
    wanted = wanted_columns(source(columns={"q1": "1. Économie"}, drop=["Notes"]), codebook)
    assert {"1 economie", "notes", "q1", "survey date"} <= wanted


def test_an_instrument_beside_the_main_one_is_needed_whole_or_not_at_all(root):
    files = [root / "data/instruments/rss.yaml", root / "tests/instruments/wellbeing.yaml"]
    both = load_codebook(files, root / "data/instruments/variables.yaml")
    names = needed_names(source(), both)
    assert "sleep" not in names
    assert "sleep" not in find_columns(source(), both, names, "s.csv").single
    some = [*names, "sleep", "pain"]
    with pytest.raises(StudyError) as error:
        find_columns(source(), both, some, "s.csv")
    assert "no column for trust (People who can be trusted)" in str(error.value)
    assert "trust" in needed_names(source(columns={"sleep": "heures"}), both)
    asked = source(not_asked=["meals", "healer", "healer_near", "friends", "groups", "trust"])
    assert {"sleep", "pain"} <= {*find_columns(asked, both, some, "s.csv").single}


def test_what_kobo_adds_by_itself_is_found(codebook):
    own = ["start", "end", "formhub/uuid", "_uuid", "meta/instanceID"]
    names = [*needed(codebook), *own]
    found = find_columns(source(), codebook, names, "s.csv").single
    assert found["interview_start"] == [names.index("start")]
    assert found["interview_end"] == [names.index("end")]
    assert found["submission_id"] == [names.index("_uuid")]
    r_names = [*needed(codebook), "meta.instanceID"]
    found = find_columns(source(), codebook, r_names, "s.csv").single
    assert found["submission_id"] == [len(r_names) - 1]
    plain = [*needed(codebook), "start", "Phone number"]  # of an office's own file
    assert "interview_start" not in find_columns(source(), codebook, plain, "s.csv").single


def test_a_hyphen_in_one_name_is_no_group(codebook):
    names = [*needed(codebook), "sub-location", "_uuid"]
    assert "location" not in find_columns(source(), codebook, names, "s.csv").single
    grouped = [*needed(codebook), "place-location", "place-sub", "_uuid"]
    found = find_columns(source(), codebook, grouped, "s.csv").single
    assert found["location"] == [grouped.index("place-location")]
