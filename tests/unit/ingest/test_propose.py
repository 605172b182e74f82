"""Unknown files: what is said to be sure is right, and what is not sure waits."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from reintegration.errors import StudyError
from reintegration.ingest.propose.add import form_texts
from reintegration.ingest.propose.matching import wording_of
from reintegration.ingest.propose.proposal import Proposal, propose
from reintegration.ingest.readers import RawTable
from reintegration.ingest.source import Source

from .offices import OFFICES, Office, gambia, make, togo

OTHERS = (Path(__file__).parent / "other_questions.txt").read_text(encoding="utf-8").splitlines()
# Names of the instrument that each office holds and that must come out sure.
FAMILIAR = {"togo": 41, "honduras": 35, "ethiopia": 42, "iraq": 35, "guinea": 14}


def table(office: Office, rows: int = 200) -> RawTable:
    cells = make(office, rows).astype("category")
    names = [name for name, _, _ in office.columns]
    labels = {
        names.index(name): {str(code): label for code, label in known.items()}
        for name, known in office.value_labels.items()
    }
    titles = dict(enumerate(office.titles))
    return RawTable(names, cells, np.arange(len(cells)), labels=labels, titles=titles)


def known(office: Office) -> Source:
    return Source(source="s", file="s.csv", country=office.country)


def frame_table(frame: pd.DataFrame, **more) -> RawTable:
    cells = frame.set_axis(range(frame.shape[1]), axis=1).astype("category")
    return RawTable([*map(str, frame.columns)], cells, np.arange(len(frame)), **more)


def proposed(frame: pd.DataFrame, codebook, country="SEN", **more) -> Proposal:
    return propose(frame_table(frame), Source(source="s", file="s.csv", country=country), codebook,
                   **more)  # fmt: skip


def sure_columns(proposal: Proposal) -> dict[str, int]:
    found = {name: match.column.place for name, match in proposal.matches.sure.items()}
    for name, options in proposal.matches.options.items():
        found |= {f"{name}.{code}": match.column.place for code, match in options.items()}
    return found


@pytest.mark.parametrize("name", OFFICES)
def test_what_is_sure_is_right(name, codebook):
    office = OFFICES[name]()
    found = sure_columns(propose(table(office), known(office), codebook))
    wrong = {what: office.columns[n][0] for what, n in found.items() if office.truth.get(n) != what}
    assert wrong == {}
    assert len(found) >= FAMILIAR.get(name, 0)


@pytest.mark.parametrize("text", OTHERS)
def test_another_question_is_never_sure_by_its_words(text, codebook):
    like = wording_of(codebook, "SEN").like(text)
    sure = [n for n, score in enumerate(like.score) if like.clean[n] and score >= 0.78]
    assert sure == []


def test_every_needed_name_is_sure_or_waits(codebook):
    for make_office in OFFICES.values():
        office = make_office()
        source = propose(table(office), known(office), codebook).source
        named = {*source.columns, *source.select_multiple, *source.unsure.columns}
        assert {*codebook.items, "case_number", "survey_date", "return_date"} <= named


def test_numbers_without_labels_are_never_sure_answers(codebook):
    office = OFFICES["bare_numbers"]()
    source = propose(table(office), known(office), codebook).source
    assert source.answers == {}
    assert source.unsure.answers["q1"]["1"] == ["very_satisfied", "very_dissatisfied"]
    assert source.unsure.answers["q3"] == {"0": ["no"], "1": ["yes"]}


def test_numbers_of_questions_are_believed_only_when_all_answers_fit(codebook):
    right, wrong = OFFICES["bare_numbers"](), OFFICES["shifted"]()
    assert "q19" in propose(table(right), known(right), codebook).source.columns
    shifted = propose(table(wrong), known(wrong), codebook).source
    assert not set(codebook.items) & {*shifted.columns}
    assert shifted.unsure.columns["q19"] == {"q19": 0.5}


def test_a_form_gives_names_and_answers(codebook, tmp_path):
    office, form = gambia()
    with pd.ExcelWriter(tmp_path / "form.xlsx") as writer:
        for sheet, rows in form.items():
            pd.DataFrame(rows).to_excel(writer, sheet_name=sheet, index=False)
    raw = table(office)
    said = form_texts(raw, tmp_path / "form.xlsx", codebook)
    proposal = propose(raw, known(office), codebook, said)
    found = sure_columns(proposal)
    assert {what: office.truth.get(n) for what, n in found.items()} == {w: w for w in found}
    assert len(set(codebook.items) & set(found)) == 30
    assert proposal.source.answers["q6"]["1"] == "very_good"
    assert proposal.source.answers["q3"] == {"1": "yes", "2": "no", "3": "refused"}
    assert proposal.source.answers["q8"]["7"] == "none"
    assert not proposal.source.unsure
    with pytest.raises(StudyError, match="none of its 39 questions is a column"):
        form_texts(table(togo()), tmp_path / "form.xlsx", codebook)


def test_answers_written_otherwise_get_a_line(codebook):
    frame = pd.DataFrame(
        {
            "Access to housing": ["1. Very good", "2. Good", "3. Fair", "4. Poor", "Verry poor"]
            * 9,
            "Currently works": ["Yes", "No", "Yes", "No", "Yess"] * 9,
        }
    )
    source = proposed(frame, codebook).source
    assert source.answers["q11"] == {
        "1. Very good": "very_good",
        "2. Good": "good",
        "3. Fair": "fair",
        "4. Poor": "poor",
        "Verry poor": "very_poor",
    }
    assert "q7" not in source.answers  # three letters are too few to be a typing error
    assert source.unsure.answers["q7"] == {"Yess": ["yes"]}


def test_the_opposite_is_no_typing_error(codebook):
    frame = pd.DataFrame(
        {"Satisfaction with the economic situation": ["Satisfied", "Dissatisfed", "OK"] * 9}
    )
    assert proposed(frame, codebook).source.answers["q1"] == {"Dissatisfed": "dissatisfied"}


def test_values_of_other_answers_make_a_column_unsure(codebook):
    frame = pd.DataFrame({"Access to housing": ["Yes", "No"] * 20})
    source = proposed(frame, codebook).source
    assert "q11" not in source.columns
    assert source.unsure.columns["q11"] == {"Access to housing": 0.5}


def test_rare_and_long_values_are_counted_and_not_shown(codebook):
    texts = ["Good"] * 90 + ["Awa Testdiallo"] * 3 + ["call 771234567"] * 6 + ["x" * 61] * 6
    proposal = proposed(pd.DataFrame({"Access to housing": texts}), codebook)
    everything = str(proposal.source) + str(proposal.notes) + str(proposal.comments)
    for hidden in ("Testdiallo", "771234567", "xxxx"):
        assert hidden not in everything
    assert "15 cells hold rare texts" in " ".join(proposal.notes)


def test_columns_about_people_are_dropped_and_interviewers_are_no_returnees(codebook):
    frame = pd.DataFrame(
        {
            "Name of interviewer": ["Ali", "Sara"] * 20,
            "Sex of interviewer": ["Male", "Female"] * 20,
            "Sex": ["Male", "Female"] * 20,
            "E-mail": [f"a{n}@b.org" for n in range(40)],
            "Remark": [f"x{n}@y.org" for n in range(40)],
            "_gps_latitude": ["13.1"] * 40,
            "Full name": [f"n{n}" for n in range(40)],
            "Mother's phone": [f"77{n}" for n in range(40)],
        }
    )
    source = proposed(frame, codebook).source
    assert source.columns["sex"] == ["Sex"]
    dropped = {"Name of interviewer", "E-mail", "Remark", "_gps_latitude", "Mother's phone"}
    assert dropped <= {*source.drop}
    assert {"Full name"} <= {*source.drop, *source.columns.get("person_name", [])}


def test_dates_in_the_wrong_order_of_time_are_not_sure(codebook):
    days = pd.date_range("2019-01-01", periods=60, freq="5D")
    frame = pd.DataFrame(
        {
            "Date of interview": (days - pd.Timedelta(days=200)).strftime("%d/%m/%Y"),
            "Date of return": days.strftime("%d/%m/%Y"),
        }
    )
    source = proposed(frame, codebook).source
    assert not {"survey_date", "return_date"} & {*source.columns}
    assert source.unsure.columns["return_date"] == {"Date of return": 0.5}


def test_an_order_of_day_and_month_that_cannot_be_told_waits(codebook):
    frame = pd.DataFrame({"Date of interview": ["03/05/2019", "04/06/2019"] * 10})
    source = proposed(frame, codebook).source
    assert source.unsure.date_order == {"survey_date": ["dmy", "mdy"]}


def test_numbers_for_missing_wait_in_one_line(codebook):
    frame = pd.DataFrame(
        {
            "Access to housing": ["Good", "Poor", "99", "Fair"] * 20,
            "Age in years": ["31", "44", "-99", "52"] * 20,
        }
    )
    source = proposed(frame, codebook).source
    assert source.unsure.missing_codes == ["-99", "99"]
    assert {"q11", "age"} <= {*source.columns}


def test_two_columns_of_one_question_wait_unless_they_take_turns(codebook):
    texts = ["Good", "Poor", "Fair", "Very good"] * 10
    half = [None] * 20
    turns = pd.DataFrame(
        {"Access to housing": texts[:20] + half, "Access to housing (new)": half + texts[20:]}
    )
    source = proposed(turns, codebook).source
    assert source.columns["q11"] == ["Access to housing", "Access to housing (new)"]
    both = pd.DataFrame({"Q11 Access to housing": texts, "Access to housing.": texts[::-1]})
    source = proposed(both, codebook).source
    assert len(source.unsure.columns["q11"]) == 2


def test_two_columns_of_the_same_words_wait(codebook):
    days = [f"2019-05-{day:02}" for day in range(1, 29)]
    frame = pd.DataFrame({"Date of interview": days, "Interview date": days[::-1]})
    source = proposed(frame, codebook).source
    assert len(source.unsure.columns["survey_date"]) == 2


def test_a_person_may_name_the_column(codebook):
    office = togo()
    choices = {"q2": office.columns[16][0], "q10": ""}
    proposal = propose(table(office), known(office), codebook, accepted=choices)
    assert proposal.source.columns["q2"] == [office.columns[16][0]]
    assert proposal.source.not_asked == ["q10"]
    with pytest.raises(StudyError, match="no column 'Nowhere'"):
        propose(table(office), known(office), codebook, accepted={"q2": "Nowhere"})


def test_a_second_instrument_is_proposed_too(codebook):
    from reintegration.codebook import load_codebook

    from .conftest import ITEMS, ROOT, VARIABLES

    both = load_codebook([ITEMS, ROOT / "tests/instruments/wellbeing.yaml"], VARIABLES)
    frame = pd.DataFrame({"Hours slept well": ["7", "5", "8"] * 10, "Age": ["30", "40", "50"] * 10})
    assert proposed(frame, both).source.columns["sleep"] == ["Hours slept well"]


def test_a_form_programs_own_day_is_a_candidate_where_there_is_no_other(codebook):
    frame = pd.DataFrame({"today": ["2019-05-20", "2019-05-21"] * 20, "Sex": ["Man", "Woman"] * 20})
    assert proposed(frame, codebook).source.unsure.columns["survey_date"] == {"today": 0.2}
    frame["Date of interview"] = frame["today"]
    assert proposed(frame, codebook).source.columns["survey_date"] == ["Date of interview"]


def test_a_ticked_option_is_no_answer(codebook):
    frame = pd.DataFrame(
        {
            "how_engaged": ["phone email", "email", "phone"] * 20,
            "how_engaged.phone": ["1", "0", "1"] * 20,
            "how_engaged.email": ["1", "1", "0"] * 20,
        }
    )
    assert proposed(frame, codebook).matches.sure == {}


def test_two_columns_of_the_same_words_wait_and_groups_say_nothing(codebook):
    dates = [f"2019-{n % 12 + 1:02}-{n % 28 + 1:02}" for n in range(60)]
    frame = pd.DataFrame({"id_group/date_of_return": dates, "id_group/interview_date": dates})
    assert set(proposed(frame, codebook).matches.sure) == {"return_date", "survey_date"}
    twice = proposed(frame.assign(return_date=dates), codebook).matches
    assert "return_date" not in twice.sure
    assert len(twice.unsure["return_date"]) == 2
