import numpy as np
import pandas as pd
import pytest

from reintegration.codebook import Answer
from reintegration.errors import StudyError
from reintegration.ingest.answers import answer_key, answer_table
from reintegration.ingest.columns import Columns
from reintegration.ingest.mapping import map_table
from reintegration.ingest.readers import RawTable
from reintegration.ingest.source import Source


def of_texts(texts):
    return pd.Series(texts, dtype="str").astype("category")


def mapped(codebook, name, texts, *, columns=None, options=None, labels=None, missing=None, **yaml):
    """Map one column, or the columns given, and return its values and what was unread."""
    cells = texts if isinstance(texts, dict) else {0: texts}
    frame = pd.DataFrame({n: of_texts(v) for n, v in cells.items()})
    raw = RawTable(
        [f"column {n}" for n in frame],
        frame,
        np.arange(2, 2 + len(frame)),
        labels={0: labels} if labels else {},
        missing={0: frozenset(missing)} if missing else {},
    )
    source = Source.model_validate({"source": "s", "file": "s.csv", "country": "SEN", **yaml})
    places = {name: columns or [0]} if options is None else {}
    made = map_table(
        raw, Columns(places, {name: options} if options else {}), source, codebook, "f"
    )
    values = [None if pd.isna(value) else value for value in made.frame[name]]
    unread = made.unread.get(name)
    return values, [] if unread is None else list(zip(unread.rows, unread.texts, strict=True))


@pytest.mark.parametrize(
    "text",
    ["very_poor", "Very poor", " VERY  POOR ", "Très mauvais", "tres mauvais", "Très mauvaise"],
)
def test_an_answer_is_known_by_code_and_label_however_it_is_typed(codebook, text):
    assert mapped(codebook, "q22", [text]) == (["very_poor"], [])


@pytest.mark.parametrize(
    "text", ["Je ne sais pas", "NSP", "I don't know", "I don’t know", "DONT_KNOW"]
)
def test_apostrophes_and_nonresponse(codebook, text):
    assert mapped(codebook, "q22", [text]) == (["dont_know"], [])
    assert mapped(codebook, "q23", ["Tout à fait d’accord"]) == (["strongly_agree"], [])


def test_blank_cells_are_missing_and_unknown_answers_are_kept_aside(codebook):
    values, unread = mapped(codebook, "q7", ["Oui", None, "  ", "\xa0", "peut-être", "true"])
    assert values == ["yes", None, None, None, None, "yes"]
    assert unread == [(4, "peut-être")]


def test_declared_answers_come_before_the_codebooks_own(codebook):
    answers = {"q7": {"1": "yes", "2": "no", "Non": "yes", "9": None}}
    values, unread = mapped(codebook, "q7", ["1", "2.0", "non", "9", "3"], answers=answers)
    assert values == ["yes", "no", "yes", None, None]
    assert unread == [(4, "3")]


def test_numbers_mean_nothing_unless_declared(codebook):
    values, unread = mapped(codebook, "q7", ["1", "0", "oui"])
    assert values == [None, None, "yes"]
    assert len(unread) == 2


def test_missing_codes_are_missing_but_a_number_in_range_is_a_number(codebook):
    codes = {"missing_codes": [99, -99]}
    assert mapped(codebook, "q7", ["99", "-99", "99.0", "yes"], **codes)[0] == [None] * 3 + ["yes"]
    assert mapped(codebook, "months_abroad", ["99", "-99", "7"], **codes) == ([99.0, None, 7.0], [])
    assert mapped(codebook, "age", ["99", "27"], **codes) == ([None, 27.0], [])
    assert mapped(codebook, "survey_date", ["99"], **codes) == ([None], [])
    assert mapped(codebook, "case_number", ["99", "A"], **codes) == ([None, "A"], [])
    declared = {"answers": {"months_abroad": {"99": None}}}
    assert mapped(codebook, "months_abroad", ["99"], **codes, **declared)[0] == [None]


def test_value_labels_are_read_before_their_codes(codebook):
    labels = {"1": "Oui", "2": "Non", "99": "Ne sait pas", "3": "???"}
    values, unread = mapped(
        codebook, "q7", ["1", "2", "99", "3"], labels=labels, missing_codes=[99]
    )
    assert values == ["yes", "no", "dont_know", None]
    assert unread == [(3, "???")]
    # The file itself calls 98 missing: a code without an answer is then no unknown answer.
    assert mapped(codebook, "q7", ["98", "1"], labels=labels, missing=["98"]) == ([None, "yes"], [])
    # Declared codes overrule labels.
    swapped = {"answers": {"q7": {"1": "no"}}}
    assert mapped(codebook, "q7", ["1"], labels=labels, **swapped)[0] == ["no"]


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("land animals", "land animals"),
        ("Animaux; Terre", "land animals"),
        ("Bétail, Équipements", "animals equipment"),
        ("Aucun bien", "none"),
        ("Aucun bien Terre", "land none"),
        ("Ne sait pas", "dont_know"),
        ("buildings\nbuildings", "buildings"),
    ],
)
def test_several_answers_in_one_cell(codebook, text, codes):
    assert mapped(codebook, "q8", [text]) == ([codes], [])


def test_several_answers_with_an_unknown_one_are_kept_aside(codebook):
    assert mapped(codebook, "q8", ["land spaceship"]) == ([None], [(0, "land spaceship")])


def test_one_column_per_option(codebook):
    cells = {
        0: ["1", "0", "Oui", "TRUE", None, "5"],
        1: ["0", "0", "non", "1.0", None, "1"],
    }
    options = {"trees": 0, "land": 1}
    values, unread = mapped(codebook, "q8", cells, options=options)
    assert values == ["trees", "none", "trees", "land trees", None, None]
    assert unread == [(5, "5")]
    with_none = {"trees": 0, "none": 1}
    assert mapped(codebook, "q8", cells, options=with_none)[0][:3] == ["trees", None, "trees"]


def test_a_column_renamed_half_way_is_joined(codebook):
    cells = {0: ["yes", None, "what", None], 1: ["no", "no", "no", "eh"]}
    values, unread = mapped(codebook, "q7", cells, columns=[0, 1])
    assert values == ["yes", "no", None, None]
    assert unread == [(2, "what"), (3, "eh")]


def test_countries_are_known_by_name_and_code(codebook):
    raw = RawTable(
        ["c"],
        pd.DataFrame({0: of_texts(["Sénégal", "GIN", "Cote d'Ivoire", "Atlantis"])}),
        np.arange(4),
    )
    source = Source(source="s", file="s.csv")
    made = map_table(raw, Columns({"country": [0]}, {}), source, codebook, "f")
    assert made.frame["country"].tolist()[:3] == ["SEN", "GIN", "CIV"]
    assert pd.isna(made.frame["country"][3])


def test_decimal_commas_and_texts_in_numbers(codebook):
    assert mapped(codebook, "age", ["27", "27,0", " 27.5 ", "vingt"]) == (
        [27.0, 27.0, 27.5, None],
        [(3, "vingt")],
    )


def test_an_undeclared_order_of_dates_is_found_or_asked_for(codebook):
    clear = ["25/03/2019", "03/05/2019"]
    assert mapped(codebook, "survey_date", clear)[0][1] == pd.Timestamp("2019-05-03")
    with pytest.raises(StudyError, match=r"'column 0' \(survey_date\).*set `date_order`"):
        mapped(codebook, "survey_date", ["03/05/2019", "04/05/2019"])
    read = mapped(codebook, "survey_date", ["03/05/2019"], date_order="mdy")[0]
    assert read == [pd.Timestamp("2019-03-05")]
    read = mapped(codebook, "survey_date", ["03/05/2019"], date_order={"survey_date": "dmy"})[0]
    assert read == [pd.Timestamp("2019-05-03")]


def test_half_converted_dates_are_refused_unless_declared_right(codebook):
    texts = [f"{day:02}/05/2019" if day > 12 else f"2019-{day:02}-05" for day in range(1, 29)]
    with pytest.raises(StudyError, match="export the file again with dates as text"):
        mapped(codebook, "survey_date", texts, date_order="dmy")
    assert None not in mapped(codebook, "survey_date", texts, date_order="mixed")[0]


def test_a_declared_order_that_the_dates_contradict_is_refused(codebook):
    texts = ["25/05/2019", "26/05/2019", "27/05/2019"]
    with pytest.raises(StudyError, match="says mdy, and its dates are possible only as dmy"):
        mapped(codebook, "survey_date", texts, date_order="mdy")
    assert mapped(codebook, "survey_date", texts[:2], date_order="mdy")[0] == [None, None]
    one_slip = [*texts, "05/25/2019"]
    assert mapped(codebook, "survey_date", one_slip, date_order="dmy")[0][3] is None


def test_a_column_without_any_known_answer_is_the_wrong_column(codebook):
    with pytest.raises(StudyError) as caught:
        mapped(codebook, "q7", [f"Awa {i}" for i in range(10)])
    assert "column for q7 (Currently works): none of its 10 answers is known" in str(caught.value)
    assert "Awa" not in str(caught.value)


def test_a_column_without_any_number_or_date_is_the_wrong_column(codebook):
    for name, kind in (("age", "number"), ("return_date", "date")):
        with pytest.raises(StudyError, match=rf"none of its 10 answers is a {kind}") as caught:
            mapped(codebook, name, ["Awa"] * 10, date_order="dmy")
        assert "Awa" not in str(caught.value)
    assert mapped(codebook, "survey_date", ["Awa"] * 10)[0] == [None] * 10  # each row is rejected


@pytest.mark.parametrize("text", ["NA", "N/A", "NaN", "null", " - ", "--", "."])
def test_what_stands_for_an_empty_cell_is_missing(codebook, text):
    for name in ("sex", "age", "return_date", "case_number", "assistance_cash"):
        assert mapped(codebook, name, [text]) == ([None], [])


def test_not_applicable_is_an_answer_of_an_item(codebook):
    assert mapped(codebook, "q5", ["N/A", "-"]) == (["not_applicable", None], [])


def test_answer_keys_keep_the_sign_of_numbers():
    assert answer_key("-99") != answer_key("99")
    assert answer_key("1.0") == answer_key(" 1 ") == "1"
    assert answer_key("N/A") == answer_key("n.a.")


def test_no_spelling_of_the_codebook_means_two_answers_of_one_question(codebook):
    for name, item in codebook.items.items():
        table = answer_table(codebook.answers_of(name))
        for answer in item.answers:
            for text in (answer.code, *answer.spellings):
                assert table.get(answer_key(text)) == answer.code, (name, text)


def test_a_spelling_that_two_answers_share_is_no_answer():
    land = Answer(code="land", en="Property", fr="Terre")
    house = Answer(code="house", en="property", fr="Maison")
    table = answer_table([land, house])
    assert table == {"terre": "land", "maison": "house", "land": "land", "house": "house"}


def test_names_and_phones_go_no_further_than_the_raw_table(codebook):
    raw = RawTable(["person_name"], pd.DataFrame({0: of_texts(["Awa"])}), np.arange(1))
    source = Source(source="s", file="s.csv", country="SEN")
    made = map_table(raw, Columns({"person_name": [0]}, {}), source, codebook, "f")
    assert not {"person_name", "phone"} & set(made.frame.columns)


def frame_of(codebook, name, texts, **yaml):
    raw = RawTable(["x"], pd.DataFrame({0: of_texts(texts)}), np.arange(len(texts)))
    source = Source.model_validate({"source": "s", "file": "s.csv", "country": "SEN", **yaml})
    return map_table(raw, Columns({name: [0]}, {}), source, codebook, "f").frame


def test_columns_come_in_their_types(codebook):
    q22 = frame_of(codebook, "q22", ["Très bon", None, "???"])["q22"]
    assert q22.cat.categories.tolist() == [a.code for a in codebook.answers_of("q22")]
    assert q22.cat.codes.tolist() == [0, -1, -1]
    assert q22.cat.categories.dtype == "str"
    frame = frame_of(codebook, "q8", ["land animals", "land", None])
    assert frame["q8"].cat.categories.tolist() == ["land", "land animals"]
    assert frame["country"].tolist() == ["SEN"] * 3
    assert isinstance(frame["country"].dtype, pd.CategoricalDtype)
    assert isinstance(frame["q1"].dtype, pd.CategoricalDtype)  # without a column: all missing
    assert frame["age"].dtype == float
    assert frame["survey_date"].dtype == frame["interview_start"].dtype == "datetime64[us]"
    assert frame_of(codebook, "case_number", ["A", None, " B  b"])["case_number"].dtype == "str"


def test_timestamps_keep_their_time_and_drop_their_zone(codebook):
    texts = ["2019-03-05T10:22:31.000+01:00", "05/03/2019 10:22", None, "soon", "2019-03-05"]
    values, unread = mapped(codebook, "interview_start", texts, date_order="dmy")
    assert values[:2] == [pd.Timestamp("2019-03-05 10:22:31"), pd.Timestamp("2019-03-05 10:22")]
    assert values[2:] == [None] * 3
    assert [row for row, _ in unread] == [3, 4]
    assert mapped(codebook, "survey_date", texts[:1])[0] == [pd.Timestamp("2019-03-05")]


def test_the_order_of_timestamps_is_found_among_their_days(codebook):
    texts = ["25/03/2019 10:22", "03/05/2019 09:00"]
    assert mapped(codebook, "interview_start", texts)[0][1] == pd.Timestamp("2019-05-03 09:00")
    with pytest.raises(StudyError, match="day and month cannot be told apart"):
        mapped(codebook, "interview_start", texts[1:])


@pytest.mark.parametrize("text", ["#DIV/0!", "#N/A", "#REF!", "#VALEUR!", "#N/D", "#¡VALOR!"])
def test_errors_of_a_spreadsheet_are_unreadable_and_no_blanks(codebook, text):
    for name in ("q7", "q5", "sex", "age", "return_date", "case_number", "assistance_cash"):
        assert mapped(codebook, name, [text]) == ([None], [(0, text)])
    assert mapped(codebook, "q7", [text], answers={"q7": {text: None}}) == ([None], [])


def test_every_different_text_is_read_once(codebook, monkeypatch):
    seen = []
    monkeypatch.setattr(
        "reintegration.ingest.answers.find_country", lambda text: seen.append(text) or "SEN"
    )
    raw = RawTable(["c"], pd.DataFrame({0: of_texts(["a", "b"] * 500)}), np.arange(1000))
    source = Source(source="s", file="s.csv")
    map_table(raw, Columns({"country": [0]}, {}), source, codebook, "f")
    assert seen == ["a", "b"]


def test_of_two_columns_the_first_that_is_filled_counts_in_every_type(codebook):
    cells = {0: ["27", None, "x", None], 1: ["30", "31", "32", None]}
    values, unread = mapped(codebook, "age", cells, columns=[0, 1])
    assert values == [27, 31, None, None]
    assert unread == [(2, "x")]
    cells = {0: ["A", None], 1: ["B", "C"]}
    assert mapped(codebook, "case_number", cells, columns=[0, 1])[0] == ["A", "C"]
    cells = {0: ["2019-05-03", None], 1: [None, "2019-05-04"]}
    days = [pd.Timestamp("2019-05-03"), pd.Timestamp("2019-05-04")]
    assert mapped(codebook, "survey_date", cells, columns=[0, 1])[0] == days


def test_what_was_found_in_a_file_is_noted(codebook):
    found = {"encoding": "mac_roman", "header_row": 1, "label_row": 2}
    raw = RawTable(["x"], pd.DataFrame({0: of_texts(["yes"])}), np.arange(1), found=found)
    source = Source(source="s", file="s.csv", country="SEN")
    notes = map_table(raw, Columns({"q7": [0]}, {}), source, codebook, "f").notes
    assert notes == ["row 2 read as texts of the questions", "read as mac_roman"]
    declared = source.model_copy(update={"label_row": 2, "encoding": "mac_roman"})
    assert map_table(raw, Columns({"q7": [0]}, {}), declared, codebook, "f").notes == []


def test_a_column_of_junk_is_not_read_to_its_end(codebook, monkeypatch):
    monkeypatch.setattr("reintegration.ingest.mapping.HOPELESS", 20)
    seen = []
    monkeypatch.setattr("reintegration.ingest.answers.find_country", seen.append)
    raw = RawTable(["c"], pd.DataFrame({0: of_texts(list(map(str, range(99))))}), np.arange(99))
    made = map_table(
        raw, Columns({"country": [0]}, {}), Source(source="s", file="s.csv"), codebook, "f"
    )
    assert len(seen) == 21
    assert made.unread["country"].rows.tolist() == list(range(99))  # and none is lost
