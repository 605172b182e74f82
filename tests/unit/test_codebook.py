"""The instrument as data: what must hold in it, and what is refused."""

from pathlib import Path

import pytest
import yaml

from reintegration.codebook import load_codebook, read_yaml
from reintegration.errors import StudyError
from reintegration.text import fold

ITEMS = Path("data/instruments/rss.yaml")
VARIABLES = Path("data/instruments/variables.yaml")


@pytest.fixture(scope="module")
def codebook():
    return load_codebook(ITEMS, VARIABLES)


def changed(tmp_path, change):
    raw = yaml.safe_load(ITEMS.read_text(encoding="utf-8"))
    change(raw)
    path = tmp_path / "items.yaml"
    path.write_text(yaml.safe_dump(raw, allow_unicode=True), encoding="utf-8")
    return path


def test_thirty_items_ten_in_each_dimension(codebook):
    assert codebook.item_names == [f"q{i}" for i in range(1, 31)]
    sizes = {d: len(codebook.items_of(d)) for d in codebook.dimensions}
    assert sizes == {"economic": 10, "social": 10, "psychosocial": 10}
    assert len(codebook.items_of("composite")) == 30


def test_five_point_scales_step_by_a_quarter(codebook):
    assert list(codebook.items["q22"].scores.values()) == [1, 0.75, 0.5, 0.25, 0]
    assert codebook.items["q21"].scores["very_often"] == 1
    assert codebook.items["q27"].scores["very_often"] == 0


def test_no_two_answers_of_a_question_share_a_spelling(codebook):
    for name in (*codebook.items, *codebook.variables):
        seen: dict[str, str] = {}
        for answer in codebook.answers_of(name):
            for text in (answer.code, *answer.spellings):
                assert seen.setdefault(fold(text), answer.code) == answer.code, (name, text)


def test_every_line_says_where_it_is_from(codebook):
    assert all(item.provenance.label == "recalled" for item in codebook.items.values())
    assert all(item.provenance.confidence for item in codebook.items.values())
    assert codebook.main.weights_provenance.label == "chosen"


def test_labels_in_both_languages(codebook):
    assert codebook.label("item_q22", "fr") == "Réseau de soutien"
    assert codebook.label("assistance_training") == "Training"
    assert codebook.label("economic", "fr") == "Économique"
    with pytest.raises(KeyError):
        codebook.label("nothing")


@pytest.mark.parametrize(
    "change, said",
    [
        (lambda raw: raw["items"]["q1"].update(dimension="economy"), "'economy' is none of"),
        (lambda raw: raw["items"]["q1"].update(scale="satisfactoin"), "'satisfactoin' is none of"),
        (
            lambda raw: raw["items"]["q10"].update(asked_if={"q99": ["yes"]}),
            "no item or coded variable 'q99'",
        ),
        (lambda raw: raw["items"]["q10"].update(asked_if={"q9": ["oui"]}), "['oui'] is none of"),
        (lambda raw: raw["items"]["q5"]["answers"][0].pop("score"), "no score for the answers"),
        (lambda raw: raw["items"]["q5"]["answers"][0].update(score=2), "less than or equal to 1"),
        (lambda raw: raw["items"]["q5"]["answers"][0].update(code="refused"), "non-response code"),
        (lambda raw: raw["items"]["q1"].update(wieght=2), "no such key"),
    ],
)
def test_a_wrong_instrument_is_refused_with_the_line(tmp_path, change, said):
    with pytest.raises(StudyError) as error:
        load_codebook(changed(tmp_path, change), VARIABLES)
    assert said in str(error.value)


@pytest.mark.parametrize(
    "text, said",
    [
        ("a: 1\na: 2\n", "stands twice"),
        ("- 1\n", "key: value"),
        ("a: [1\n", "not valid YAML"),
        ("a: !!python/object/apply:os.getcwd []\n", "not valid YAML"),
        ("a: &b {c: 1}\nd: {<<: *b, e: 2}\n", None),
    ],
)
def test_yaml_is_read_strictly(tmp_path, text, said):
    path = tmp_path / "a.yaml"
    path.write_text(text, encoding="utf-8")
    if said is None:
        assert read_yaml(path)["d"] == {"c": 1, "e": 2}
    else:
        with pytest.raises(StudyError, match=r"a\.yaml") as error:
            read_yaml(path)
        assert said in str(error.value)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(StudyError, match=r"nowhere\.yaml: there is no such file"):
        read_yaml(tmp_path / "nowhere.yaml")


@pytest.mark.parametrize(
    "one, other",
    [("  Très  bon ", "tres bon"), ("Côte d’Ivoire", "COTE D'IVOIRE"), ("very_good", "Very good")],
)
def test_spellings_of_the_same_words_fold_alike(one, other):
    assert fold(one) == fold(other)


def test_signs_without_letters_stay_apart():
    assert fold("-") != fold("?")
    assert fold("-99") != fold("- 1")
