import pytest

from reintegration.ingest.header import place_header

NAMES = ["case_number", "q1", "q2", "age", "sex", "date"]
LABELS = ["Case number", "Are you satisfied?", "Cut food?", "Age in years", "Sex", "Date of visit"]
DATA = [[f"SN-{i}", "ok", "never", str(20 + i), "F", f"2019-03-{i:02}"] for i in range(1, 9)]
WANTED = {"case number", "q1", "q2", "age"}


def test_titles_and_group_names_above_the_header_do_no_harm():
    top = [["Enquête", "", "", "", "", ""], ["A", "", "B", "", "", ""], NAMES, *DATA]
    header = place_header(top, WANTED)
    assert (header.row, header.first, header.label_row, header.titles) == (2, 3, None, {})


def test_labels_below_or_above_the_names_are_no_data():
    below = place_header([NAMES, LABELS, *DATA], WANTED)
    assert (below.row, below.label_row, below.first) == (0, 1, 2)
    assert below.titles[1] == "Are you satisfied?"
    above = place_header([LABELS, NAMES, *DATA], WANTED)
    assert (above.row, above.label_row, above.first) == (1, 0, 2)
    assert above.titles == below.titles


def test_two_rows_of_labels_as_survey_programs_write_them():
    third = [f'{{"ImportId":"QID{n}"}}' for n in range(6)]
    header = place_header([NAMES, LABELS, third, *DATA], WANTED)
    assert (header.label_row, header.first) == (1, 3)


@pytest.mark.parametrize(
    "first",
    [
        ["SN-9", "ok", "never", "31", "F", "2019-03-09"],
        ["SN-9", "ok", "rarely", "", "F", ""],  # a survey with few answers
        ["SN-9", "dissatisfied", "often", "not known", "woman", "not known"],
    ],
)
def test_the_first_survey_is_never_taken_for_labels(first):
    header = place_header([NAMES, first, *DATA, ["SN-8", "dissatisfied"]], WANTED)
    assert (header.label_row, header.first) == (None, 1)


def test_a_declared_row_of_labels_is_believed():
    top = [["x", "y"], ["q1", "q2"], ["1", "2"], ["3", "4"]]
    header = place_header(top, WANTED, label_row=3)
    assert (header.row, header.first, header.titles) == (1, 3, {0: "1", 1: "2"})
    assert place_header(top, WANTED, label_row=1).first == 2


def test_a_header_without_any_known_name_is_guessed_only_when_asked_to():
    top = [["Enquête", "", "", "", "", ""], ["u", "v", "w", "x", "y", "z"], *DATA]
    assert place_header(top, WANTED) is None
    assert place_header(top, (), guess=True).row == 1
    assert place_header(DATA, (), guess=True) is None  # no row without numbers and dates


def test_of_codes_and_questions_the_codes_are_the_names():
    for top in ([LABELS, NAMES, *DATA], [NAMES, LABELS, *DATA]):
        header = place_header(top, (), guess=True)
        assert header.names == NAMES
        assert header.titles[2] == "Cut food?"
        assert header.first == 2


def test_names_that_stand_twice_are_names_all_the_same():
    names = ["case", "Other, specify", "age", "Other, specify", "sex", "Other, specify"]
    assert place_header([names, *DATA], (), guess=True).row == 0
