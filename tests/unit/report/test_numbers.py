import pandas as pd
import pytest

from reintegration.errors import StudyError
from reintegration.report.numbers import Numbers, read_results
from reintegration.report.wording import Words

COLUMNS = ["estimate_id", "estimate", "conf_low", "conf_high", "p_value", "n_returnees", "status",
           "warnings"]  # fmt: skip


@pytest.fixture
def small(settings) -> Numbers:
    rows = [
        ("a.good", -0.1234, -0.2, -0.05, 0.0004, 50, "ok", None),
        ("a.failed", None, None, None, None, 0, "failed", "no returnee has two surveys"),
        ("a.silent", None, None, None, None, 9, "not_estimable_under_this_vcov", None),
        ("a.few", 0.5, 0.4, 0.6, 0.5, 4, "ok", None),
        ("a.blank", None, None, None, None, 50, "ok", None),
        ("a.no_interval", 0.5, None, None, None, 50, "ok", None),
    ]
    frame = pd.DataFrame(rows, columns=COLUMNS)
    return Numbers({"estimates": frame}, settings.language, {"a.hidden"}, minimum=5)


def test_an_unknown_id_is_an_error_that_names_it(small):
    with pytest.raises(StudyError, match=r"a\.misspelt"):
        small.points("a.misspelt")


def test_a_number_knows_its_row_and_file(small):
    number = small.points("a.good", signed=True)
    assert str(number) == "−0.123"
    assert (number.file, number.line) == ("models/estimates.csv", 2)
    html = number.__html__()
    assert 'data-estimate-id="a.good"' in html
    assert "results/models/estimates.csv, line 2" in html
    assert 'href="audit.html#a.good"' in html


def test_numbers_are_written_with_their_unit(small):
    assert str(small.size("a.good")) == "0.123"
    assert str(small.interval("a.good", signed=True)) == "−0.200 to −0.050"
    assert str(small.p_value("a.good")) == "< 0.001"
    assert str(small.share("a.good")) == "−12.3%"
    assert str(small.column("a.good", "n_returnees")) == "50"


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("a.failed", "not estimated: no returnee has two surveys"),
        ("a.silent", "not estimated: this covariance cannot serve it"),
        ("a.few", "not shown"),
        ("a.blank", "not estimated"),
    ],
)
def test_a_missing_number_is_words_and_never_nan_or_blank(small, name, words):
    for number in (small.points(name), small.interval(name), small.p_value(name)):
        assert "nan" not in str(number)
        assert str(number)
    assert str(small.points(name)) == words


def test_a_suppressed_count_keeps_its_place_in_a_sentence(settings):
    rows = [("n.few", 3.0, 3, "ok"), ("n.beside", 12.0, 12, "ok")]
    frame = pd.DataFrame(rows, columns=["estimate_id", "estimate", "n_returnees", "status"])
    numbers = Numbers({"estimates": frame}, settings.language, {"n.beside"}, minimum=5)
    assert str(numbers.count("n.few")) == "fewer than 5"
    assert str(numbers.count("n.beside")) == "a number (not shown) of"
    assert str(numbers.column("n.few", "n_returnees")) == "fewer than 5"
    said = Words(numbers, {}, settings).say("sample.follow_ups", number=numbers.count("n.few"))
    assert said.striptags() == "Fewer than 5 returnees were surveyed at least twice."


def test_a_missing_interval_is_said(small):
    assert str(small.interval("a.no_interval")) == "no interval"
    assert str(small.points("a.no_interval")) == "0.500"


def test_every_use_is_recorded_once_with_its_place(small):
    with small.used_in("text: summary"):
        small.points("a.good")
        small.interval("a.good")
    with small.used_in("text: data"):
        small.points("a.failed")
    uses = small.uses
    assert list(uses.columns[:2]) == ["estimate_id", "used_in"]
    assert uses[["estimate_id", "used_in"]].to_numpy().tolist() == [
        ["a.failed", "text: data"],
        ["a.good", "text: summary"],
    ]
    assert uses["line"].tolist() == [3, 2]


def test_an_id_that_stands_twice_is_an_error(settings):
    frame = pd.DataFrame([("a", 1.0), ("a", 2.0)], columns=["estimate_id", "estimate"])
    with pytest.raises(StudyError, match="line 3"):
        Numbers({"estimates": frame}, settings.language)


def test_flow_and_models_are_known_by_name(numbers):
    assert numbers["flow.analysed"].value > 0
    assert 0 < numbers["model.levels.composite"].value < 1


def test_missing_files_are_named_together(tmp_path):
    files = {"flow": tmp_path / "a.csv", "rows": tmp_path / "b.csv"}
    with pytest.raises(StudyError, match=r"a\.csv[\s\S]*b\.csv"):
        read_results(files, files)
