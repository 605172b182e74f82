import pandas as pd
import pytest

from reintegration.errors import StudyError
from reintegration.ingest.contract import check_surveys, parts_of, survey_columns
from reintegration.ingest.flow import check_identity, sample_flow
from reintegration.ingest.pool import SOURCE_COLUMNS, pool

from .conftest import SCORING, STUDY, Desk

# The study below is of two countries, and most tests have surveys of one.
pytestmark = pytest.mark.filterwarnings("ignore:no survey of GIN")


@pytest.fixture
def take(desk):
    """Take in rows as a source of a name and priority."""

    def take(name, *changes, priority=0, rules=None):
        desk.csv(desk.rows(*changes), f"{name}.csv")
        return desk.take(f"{name}.csv", source=name, priority=priority, rules=rules)

    return take


@pytest.fixture(scope="module")
def clean(tmp_path_factory, codebook):
    """Two clean surveys, made once for the tests of the contract."""
    desk = Desk(tmp_path_factory.mktemp("raw"), codebook)
    return next(parts_of(pool([desk.take_rows({}, {})], codebook, STUDY, SCORING).surveys))


def flow_of(pooled):
    return pooled.flow.set_index("step")["surveys_removed"].to_dict()


def test_the_flow_from_rows_read_to_surveys_analysed(take, codebook, study, scoring):
    blank = dict.fromkeys(list(codebook.items)[6:], "")
    office = take(
        "office",
        {"case_number": "A"},
        {"case_number": "A", "survey_date": "2019-12-01"},
        {"case_number": "B"} | blank,
        {"case_number": ""},
        priority=5,
    )
    central = take(
        "central",
        {"case_number": "A", "q1": "ok"},
        {"case_number": "C", "country": "MLI"},
        {"case_number": "D", "survey_date": "2023-01-01"},
        {"case_number": "E", "country": "GIN"},
    )
    pooled = pool([office, central], codebook, study, scoring)
    assert pooled.flow[["step", "surveys", "surveys_removed"]].to_numpy().tolist() == [
        ["rows_read", 8, 0],
        ["no_case_number", 7, 1],
        ["survey_in_two_sources", 6, 1],
        ["country_not_studied", 5, 1],
        ["outside_window", 4, 1],
        ["too_few_answers", 3, 1],
        ["analysed", 3, 0],
    ]
    assert pooled.flow["countries"].tolist() == [3, 3, 3, 2, 2, 2, 2]
    assert pooled.flow["returnees"].iloc[-1] == 2
    assert len(pooled.surveys) == 3
    rejected = pooled.rejected.set_index("row")["reason"].to_dict()
    assert rejected == {4: "too few answers for the composite score", 5: "no case number"}
    sources = pooled.sources.set_index("source")
    assert list(pooled.sources.columns) == SOURCE_COLUMNS
    assert sources["surveys"].to_dict() == {"central": 1, "office": 2}
    assert sources["rows_rejected"].to_dict() == {"central": 0, "office": 2}
    parts = ["surveys", "rows_rejected", "rows_removed", "rows_not_studied"]
    assert (sources[parts].sum(axis=1) == sources["rows_read"]).all()


def test_the_source_of_higher_priority_is_kept_whatever_the_order(take, codebook, study, scoring):
    central = take("central", {"q1": "ok"}, {"q2": "often"}, priority=0)
    office = take("office", {"q1": "satisfied"}, priority=1)
    for order in ([central, office], [office, central]):
        pooled = pool(order, codebook, study, scoring)
        assert sorted(pooled.surveys["source"]) == ["central", "office"]
        assert "satisfied" in pooled.surveys["q1"].tolist()
        line = pooled.cleaning_log.iloc[0]
        assert (line["source"], line["row"], line["rule"]) == (
            "central",
            2,
            "survey_in_two_sources",
        )
        assert line["issue"] == "the same survey is kept from source office"


def test_a_row_that_cannot_be_used_does_not_displace_the_same_survey(
    take, codebook, study, scoring
):
    central = take("central", {})
    office = take("office", {"q5": "?"}, {}, priority=9, rules={"unknown_answer": "reject"})
    pooled = pool([central, office], codebook, study, scoring)
    assert sorted(pooled.surveys["source"]) == ["central", "office"]


def test_kept_duplicates_of_one_source_are_not_taken_for_two_sources(
    take, codebook, study, scoring
):
    same = {"case_number": "A", "dependants": "2"}
    office = take("office", same, same, rules={"duplicate_survey": "keep_all"})
    pooled = pool([office], codebook, study, scoring)
    assert pooled.surveys["round"].tolist() == [1, 2]


def test_rounds_are_the_order_of_dates_among_the_surveys_analysed(take, codebook, study, scoring):
    days = ["2020-03-01", "2017-01-01", "2019-03-01", "2019-09-01"]
    rows = [{"case_number": "A", "survey_date": d, "return_date": "2017-01-01"} for d in days]
    surveys = pool([take("a", *rows, {})], codebook, study, scoring).surveys
    a = surveys[surveys.groupby("returnee_id")["survey_id"].transform("size") == 3]
    assert a["survey_date"].dt.strftime("%Y-%m").tolist() == ["2019-03", "2019-09", "2020-03"]
    assert a["round"].tolist() == [1, 2, 3]
    assert a["is_first"].tolist() == [1, 0, 0]
    assert a["is_last"].tolist() == [0, 0, 1]
    assert a["months_since_return"].iloc[0] == pytest.approx(789 / (365.25 / 12))
    single = surveys.drop(a.index).iloc[0]
    assert (single["is_first"], single["is_last"]) == (1, 1)


def test_all_countries_can_be_studied(take, codebook, study, scoring):
    rows = take("a", {}, {"country": "MLI"})
    everywhere = study.model_copy(update={"countries": "all"})
    assert len(pool([rows], codebook, everywhere, scoring).surveys) == 2
    assert flow_of(pool([rows], codebook, study, scoring))["country_not_studied"] == 1


def test_a_source_left_out_is_stated(desk, take, codebook, study, scoring):
    from .test_intake import take as take_or_leave

    left_out = take_or_leave(desk, "leave_out", source="gin", file="gin.csv")
    pooled = pool([take("sen", {}), left_out], codebook, study, scoring)
    line = pooled.sources.set_index("source").loc["gin"]
    assert (line["status"], line["surveys"], line["rows_read"]) == ("left_out", 0, 0)
    assert line["reason"] == "there is no such file"
    assert pooled.flow["surveys"].iloc[0] == 1


def test_a_study_of_nothing_but_sources_left_out_stops(desk, codebook, study, scoring):
    from .test_intake import take as take_or_leave

    with pytest.raises(StudyError, match=r"source sen was left out: sen\.csv: there is no such"):
        pool([take_or_leave(desk, "leave_out")], codebook, study, scoring)


def test_a_country_of_the_study_without_surveys_is_said(take, codebook, study, scoring):
    with pytest.warns(UserWarning, match="no survey of GIN is analysed"):
        pool([take("a", {})], codebook, study, scoring)


def test_when_nothing_is_left_it_is_said_why(take, codebook, study, scoring):
    says = "2 rows: country not studied\n  - the files hold surveys of MLI from 2019-05-20 to 2019"
    with pytest.raises(StudyError, match=says):
        pool([take("a", {"country": "MLI"}, {"country": "MLI"})], codebook, study, scoring)


def test_clean_surveys_have_the_promised_columns_and_types(clean, codebook):
    surveys = clean
    assert list(surveys.columns) == survey_columns(codebook)
    assert list(surveys.columns[:11]) == [
        *["survey_id", "returnee_id", "location_id", "source", "country", "round"],
        *["is_first", "is_last", "survey_date", "return_date", "months_since_return"],
    ]
    assert list(surveys.columns[11:21]) == [
        *["mode", "language", "sex", "age", "dependants", "months_abroad", "returned_from"],
        *["stranded", "return_decision", "school_age_children"],
    ]
    assert list(surveys.columns[21:51]) == [f"q{i}" for i in range(1, 31)]
    assert surveys.columns[-1] == "orion"
    assert str(surveys["orion"].dtype) == "Int8"
    assert str(surveys["round"].dtype) == "int64"


@pytest.mark.parametrize(
    ("column", "bad", "says"),
    [
        ("q22", "splendid", "q22: 'splendid' is not allowed; allowed are very_good, good"),
        ("q8", "land spaceship", "q8: 'land spaceship' is not allowed"),
        ("sex", "robot", "sex: 'robot' is not allowed; allowed are man, woman"),
        ("age", 200.0, "age: 1 value"),
        ("returnee_id", "SN-0001", "returnee_id: 1 value"),
        ("country", "Senegal", "country: 1 value"),
        ("round", 0, "round: 1 value"),
        ("is_last", 2, "is_last: 1 value"),
        ("months_since_return", -1.0, "months_since_return: 1 value"),
        ("orion", 3, "orion: 1 value"),
    ],
)
def test_the_contract_names_the_column_and_what_is_allowed(clean, codebook, column, bad, says):
    surveys = clean.copy()
    surveys.loc[0, column] = bad
    with pytest.raises(StudyError) as caught:
        check_surveys(surveys, codebook)
    assert says in str(caught.value)
    assert "SN-0001" not in str(caught.value)


def test_the_contract_names_every_column_at_once(clean, codebook):
    check_surveys(clean, codebook)
    surveys = clean.copy()
    surveys["survey_id"] = surveys["survey_id"].iloc[0]
    surveys["q1"] = "x"
    with pytest.raises(StudyError) as caught:
        check_surveys(surveys.drop(columns="q30").assign(person_name="x"), codebook)
    message = str(caught.value)
    assert all(part in message for part in ("survey_id", "q1", "q30", "person_name"))


def test_a_flow_that_does_not_add_up_is_refused():
    rows = pd.DataFrame({"returnee_id": ["a"], "country": ["SEN"], "excluded": ["lost"]})
    with pytest.raises(ValueError, match="lost"):
        sample_flow(rows)
    flow = pd.DataFrame({"surveys": [10, 8], "surveys_removed": [0, 1]})
    with pytest.raises(ArithmeticError, match="does not add up"):
        check_identity(flow)


def test_a_file_that_came_in_twice_under_other_case_numbers_is_noted(take, codebook, scoring):
    days = [f"2020-03-{day:02d}" for day in range(1, 9)]
    one = [{"case_number": f"A{n}", "survey_date": day} for n, day in enumerate(days)]
    two = [{"case_number": f"B{n}", "survey_date": day} for n, day in enumerate(days)]
    pooled = pool([take("one", *one), take("two", *two)], codebook, STUDY, scoring)
    said = "8 of 8 surveys have the same answers as surveys of source one"
    notes = pooled.sources.set_index("source")["notes"]
    assert said in notes["two"]
    assert "same answers" not in notes["one"]
    assert not (pooled.cleaning_log["rule"] == "duplicate_content").any()
    assert [copy.said for copy in pooled.copies] == [said]


def test_single_surveys_of_another_source_are_flagged(take, codebook, scoring):
    one = [{"case_number": f"A{n}", "survey_date": f"2020-03-{n:02d}"} for n in (1, 2, 3)]
    two = [{"case_number": f"B{n}", "survey_date": f"2020-03-{n:02d}"} for n in (3, 4, 5)]
    pooled = pool([take("two", *two), take("one", *one)], codebook, STUDY, scoring)
    lines = pooled.cleaning_log[pooled.cleaning_log["rule"] == "duplicate_content"]
    assert lines[["source", "row", "change_type"]].to_numpy().tolist() == [["two", 2, "no_action"]]
    assert lines["issue"].iloc[0].startswith("1 of 3 surveys have the same answers")
    assert len(pooled.surveys) == 6
