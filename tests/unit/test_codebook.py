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


def test_every_line_has_labels_in_three_languages_and_its_provenance(codebook):
    lines = dict(codebook.lines())
    assert len(lines) > 200
    assert [key for key, label in lines.items() if not label.es] == []
    assert [key for key, label in lines.items() if not label.provenance] == []
    unsure = [key for key, label in lines.items() if label.provenance.label == "recalled"]
    assert [key for key in unsure if not lines[key].provenance.confidence] == []


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
        (lambda raw: raw["items"]["q9"].update(asked_if={"q10": ["unemployed"]}), "move it up"),
        (lambda raw: raw["items"]["q9"].update(asked_if={"q9": ["yes"]}), "move it up"),
        (lambda raw: raw["items"]["q10"].update(asked_if={"q9": []}), "q10 is never asked"),
        (lambda raw: raw["items"]["q1"].update(range=[0, 10]), "scale and range; keep one"),
        (lambda raw: raw["dimensions"].update(empty={"en": "x", "fr": "x"}), "empty: no item"),
        (
            lambda raw: [item.update(composite_weight=0) for item in raw["items"].values()],
            "composite: no item with a weight above 0",
        ),
        (lambda raw: raw["items"]["q1"].update(weight=float("inf")), "finite"),
        (
            lambda raw: raw["items"]["q5"]["answers"][0].update(
                also=["Debt is larger than spending"]
            ),
            "may mean",
        ),
        (lambda raw: raw["items"].update(Q31=raw["items"]["q1"]), "items.Q31: must be in lower"),
        (lambda raw: raw["items"].update(age=raw["items"]["q1"]), "age is an item of rss and a"),
        (lambda raw: raw["items"].update(item_1=raw["items"]["q1"]), "begin with item_"),
        (lambda raw: raw["shares"]["network_poor"].update(answers=["bad"]), "['bad'] is none of"),
        (lambda raw: raw["shares"]["network_poor"].update(item="q8"), "takes several answers"),
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


WELLBEING = Path("tests/instruments/wellbeing.yaml")


@pytest.fixture(scope="module")
def both():
    return load_codebook([ITEMS, WELLBEING], VARIABLES)


def test_two_instruments_have_scores_and_items_of_their_own(both):
    assert both.main_score == "composite"
    assert both.score_names[3:] == ["composite", "rest", "ties", "wellbeing"]
    assert list(both.items_of("composite")) == [f"q{i}" for i in range(1, 31)]
    assert len(both.items_of("wellbeing")) == 8
    assert both.label("wellbeing", "fr") == "Bien-être"
    assert both.label("item_pain", "es") == "Dolor de 0 a 10"
    assert both.label("lonely") == "Few friends or none"
    assert both.nonresponse_codes == {"dont_know", "refused", "not_applicable", "rather_not"}
    assert both.main_alone.item_names == both.item_names[:30]


def test_what_enters_a_score_is_said_by_its_instrument(both):
    weights = both.instrument_of("ties").weights_of("ties")
    assert weights == {"friends": 1, "groups": 1, "trust": 2}
    assert both.instrument_of("wellbeing").weights_of("wellbeing")["groups"] == 0.5


def test_a_range_of_numbers_scores_in_equal_steps(both):
    assert both.items["sleep"].scores["n7"] == pytest.approx(0.7)
    assert both.items["pain"].scores["n7"] == pytest.approx(0.3)
    assert len(both.items["meals"].answers) == 15
    assert both.items["meals"].answers[3].spellings == ("3", "3", "3")


def test_names_are_unique_over_all_instruments(tmp_path):
    raw = yaml.safe_load(WELLBEING.read_text(encoding="utf-8"))
    raw["composite"].pop("name")
    raw["dimensions"]["social"] = raw["dimensions"].pop("ties")
    for item in raw["items"].values():
        item["dimension"] = item["dimension"].replace("ties", "social")
    raw["items"]["q1"] = raw["items"].pop("sleep")
    path = tmp_path / "other.yaml"
    path.write_text(yaml.safe_dump(raw, allow_unicode=True), encoding="utf-8")
    with pytest.raises(StudyError) as error:
        load_codebook([ITEMS, path], VARIABLES)
    said = str(error.value)
    assert "composite is the composite of daily_life and the composite of rss" in said
    assert "social is a dimension of daily_life and a dimension of rss" in said
    assert "q1 is an item of daily_life and an item of rss" in said
    with pytest.raises(StudyError, match="rss is loaded twice"):
        load_codebook([ITEMS, ITEMS], VARIABLES)


@pytest.mark.parametrize("limits", [[10, 0], [0, 500], [0.5, 2], [-1, 3], "0-10", [0, 1, 2]])
def test_a_range_that_is_none_is_refused(tmp_path, limits):
    raw = yaml.safe_load(WELLBEING.read_text(encoding="utf-8"))
    raw["items"]["sleep"]["range"] = limits
    path = tmp_path / "other.yaml"
    path.write_text(yaml.safe_dump(raw, allow_unicode=True), encoding="utf-8")
    with pytest.raises(StudyError, match=r"items\.sleep\.range"):
        load_codebook(path, VARIABLES)


def test_problems_of_every_file_are_said_at_once(tmp_path):
    paths = []
    for number, source in enumerate((ITEMS, WELLBEING)):
        raw = yaml.safe_load(source.read_text(encoding="utf-8"))
        raw["wieghts"] = 1
        paths.append(tmp_path / f"{number}.yaml")
        paths[-1].write_text(yaml.safe_dump(raw, allow_unicode=True), encoding="utf-8")
    with pytest.raises(StudyError) as error:
        load_codebook(paths, VARIABLES)
    assert all(f"{path}: wieghts: there is no such key" in str(error.value) for path in paths)


def test_the_instrument_of_the_how_to_can_be_loaded(tmp_path):
    text = Path("docs/how-to/second-instrument.md").read_text(encoding="utf-8")
    path = tmp_path / "daily_life.yaml"
    path.write_text(text.split("```yaml\n")[1].split("```")[0], encoding="utf-8")
    codebook = load_codebook(path, VARIABLES)
    assert codebook.score_names == ["rest", "ties", "wellbeing"]
