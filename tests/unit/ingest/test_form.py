import pytest
import xlsxwriter

from reintegration.errors import StudyError
from reintegration.ingest.read_form import read_form

SURVEY = [
    ["type", "name", "label::English", "label::Français (fr)", "relevant", "hint"],
    ["start", "start"],
    ["begin_group", "economic", "Economic"],
    ["select_one satisfaction", "q1", "Satisfied?", "Satisfait ?"],
    ["select_multiple assets", "q8", "What do you own?", "Que possédez-vous ?", "${q1} = 'ok'"],
    ["begin group", "more"],
    ["integer", "age", "Age", "Âge"],
    ["end group"],
    ["end_group"],
    ["begin repeat", "children"],
    ["text", "remark", "Remark"],
    ["end repeat"],
    ["text", "remark", "Remark"],
    ["select_one_from_file places.csv", "place", "Place"],
    ["audio-of-tomorrow", "sound", "Sound"],
    [],
]
CHOICES = [
    ["list_name", "name", "label::English", "label::Français (fr)"],
    ["satisfaction", "ok", "OK", "Moyen"],
    ["satisfaction", 1, "Bad", "Mauvais"],
    [],
    ["assets", "land", "Land", "Terre"],
]


def form(tmp_path, **sheets):
    path = tmp_path / "form.xlsx"
    with xlsxwriter.Workbook(str(path)) as book:
        for name, rows in sheets.items():
            sheet = book.add_worksheet(name)
            for number, row in enumerate(rows):
                sheet.write_row(number, 0, row)
    return path


def test_questions_with_groups_labels_and_choices(tmp_path):
    made = read_form(form(tmp_path, survey=SURVEY, choices=CHOICES, settings=[["form_title"]]))
    q8 = made.questions["q8"]
    assert (q8.kind, q8.list_name, q8.path) == ("select_multiple", "assets", "economic/q8")
    assert q8.labels == {"en": "What do you own?", "fr": "Que possédez-vous ?"}
    assert q8.relevant == "${q1} = 'ok'"
    assert made.choices_of(q8) == {"land": {"en": "Land", "fr": "Terre"}}
    assert made.choices_of(made.questions["q1"])["1"] == {"en": "Bad", "fr": "Mauvais"}
    assert made.questions["age"].groups == ("economic", "more")
    assert made.questions["start"].kind == "start"
    assert made.questions["sound"].kind == "audio-of-tomorrow"  # a type not known does no harm
    assert made.choices_of(made.questions["place"]) == {}


def test_a_name_in_two_groups_is_found_by_its_path(tmp_path):
    made = read_form(form(tmp_path, survey=SURVEY, choices=CHOICES))
    assert {"children/remark", "remark"} <= set(made.questions)


@pytest.mark.parametrize(
    ("column", "language"),
    [
        ("label", ""),
        ("label:fr", "fr"),
        ("Label :: Spanish", "es"),
        ("label::العربية (ar)", "ar"),
        ("label::Wolof", "wolof"),
    ],
)
def test_languages_of_labels(tmp_path, column, language):
    survey = [["type", "name", column], ["text", "q1", "What?"]]
    assert read_form(form(tmp_path, survey=survey)).questions["q1"].labels == {language: "What?"}


@pytest.mark.parametrize(
    ("sheets", "says"),
    [
        ({"Data": [["q1"], [1]]}, "no sheet `survey`"),
        ({"survey": [["type", "label"], ["text", "a"]]}, "no column name"),
        ({"survey": SURVEY}, "'q1' chooses from the list 'satisfaction', which"),
        ({"survey": [["type", "name"]]}, "holds no question"),
    ],
)
def test_what_is_no_form_is_said(tmp_path, sheets, says):
    with pytest.raises(StudyError, match=says):
        read_form(form(tmp_path, **sheets))


def test_a_form_that_is_no_workbook(tmp_path):
    (tmp_path / "form.xlsx").write_text("type,name\n")
    with pytest.raises(StudyError, match="not a xlsx file"):
        read_form(tmp_path / "form.xlsx")
