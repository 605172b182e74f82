import dataclasses
import subprocess
import sys

import pytest

from reintegration.codebook import Codebook
from reintegration.config import Assistance, Config, load_config
from reintegration.errors import StudyError
from reintegration.estimation.columns import known_columns
from reintegration.estimation.declared import check_specifications, expand
from reintegration.estimation.grammar import Derived
from reintegration.estimation.specs import specs_table
from reintegration.estimation.written import read_specifications

ASSISTANCE = Assistance(
    types=["training", "cash"], undated="not_recorded", not_recorded="own_category"
)


ALL = ["assistance", "age"]
WILD = {"type": "wild", "cluster": "country"}
CR2 = {"type": "CR2", "cluster": "returnee_id"}
PERMUTATION = {"type": "permutation", "cluster": "location_id", "within": "contry"}


@pytest.fixture(scope="module")
def config(root) -> Config:
    return load_config(root / "config.yaml")


@pytest.fixture(scope="module")
def codebook(root, config) -> Codebook:
    return config.instrument.codebook(root)


def declared(config: Config, **changes):
    return type(config.specifications[0]).model_validate(
        {
            "id": "levels",
            "title": "Levels",
            "role": "published",
            "data": "surveys",
            "outcomes": ["economic", "composite"],
            "terms": ["country", "assistance"],
            "controls": ["age"],
            "vcov": {"type": "CR1S", "cluster": "returnee_id"},
        }
        | changes
    )


def test_one_specification_per_outcome_and_one_term_per_type(config):
    economic, composite = expand([declared(config)], ASSISTANCE)
    assert [economic.spec_id, composite.spec_id] == ["levels.economic", "levels.composite"]
    assert [str(term) for term in composite.terms] == [
        "country",
        "assistance_training",
        "assistance_cash",
    ]
    assert composite.formula == (
        "composite ~ country[deviation] + assistance_training + assistance_cash + age"
    )
    assert composite.estimate_id("country.GIN") == ("levels.composite.country.GIN.cr1s-returnee_id")
    assert composite.sample == "all surveys"


def test_assistance_spreads_in_interactions_too(config):
    (spec,) = expand(
        [
            declared(
                config,
                outcomes=["composite"],
                terms=["assistance", "stranded:assistance", "stranded"],
                controls=[],
            )
        ],
        ASSISTANCE,
    )
    # Main effects stand before interactions, as in R: that decides which alias is dropped.
    assert [str(term) for term in spec.right_side] == [
        "assistance_training",
        "assistance_cash",
        "stranded",
        "stranded:assistance_training",
        "stranded:assistance_cash",
    ]


def test_one_type_among_all_types_as_controls_is_fitted_once(config):
    (spec,) = expand(
        [declared(config, outcomes=["composite"], terms=["assistance_cash"], controls=ALL)],
        ASSISTANCE,
    )
    assert [str(term) for term in spec.terms] == ["assistance_cash"]
    assert [str(term) for term in spec.controls] == ["assistance_training", "age"]


def test_the_whole_language_can_be_written(config, codebook):
    """Every key, once: what it becomes, and that the codebook has nothing against it."""
    written = {
        "outcomes": ["composite"],
        "terms": ["country", "assistance", "sex:round", "log(months_abroad)", "age^2"],
        "controls": ["mode", "sex", "round"],
        "categories": {"mode": ["phone", "in_person"], "round": None},
        "coding": {"sex": {"reference": "woman"}, "mode": "deviation"},
        "country_coding": {"reference": "SEN"},
        "fixed_effects": ["location_id"],
        "filter": "is_last == 1 and country in (GIN, SEN)",
        "weights": "dependants",
        "not_recorded": "drop",
        "vcov": [{"type": "CR1S", "cluster": ["returnee_id", "location_id"]}, WILD],
        "contrasts": {"two": {"training": 1, "cash": -1}},
        "family": "assistance",
        "family_terms": ["assistance", "two"],
    }
    check(config, codebook, declared(config, **written))
    (spec,) = expand([declared(config, **written)], ASSISTANCE)
    assert spec.formula == (
        "composite ~ country[SEN] + assistance_training + assistance_cash + log(months_abroad)"
        " + age^2 + mode[deviation] + sex[woman] + round + sex[woman]:round | location_id"
    )
    assert dict(spec.levels) == {"mode": ("phone", "in_person"), "round": ()}
    assert dict(spec.derived) == {
        "log(months_abroad)": Derived("months_abroad", "log"),
        "age^2": Derived("age", "2"),
    }
    assert [vcov.label for vcov in spec.vcovs] == [
        "CR1S by returnee_id and location_id",
        "wild by country",
    ]
    assert spec.not_recorded == "drop"
    assert spec.family_terms == ("training", "cash", "two")
    assert spec.contrasts == (("two", (("training", 1.0), ("cash", -1.0))),)
    row = specs_table([spec]).iloc[0]
    assert (row["also"], row["family"], row["weights"]) == (
        *("wild by country", "assistance", "dependants"),
    )
    for name in ("derived", "family_terms", "also"):
        assert dataclasses.replace(spec, **{name: ()}).spec_hash != spec.spec_hash, name


@pytest.mark.parametrize(
    ("changes", "formula"),
    [
        (
            {"estimator": "logit", "threshold": 0.5, "vcov": {"type": "HC1"}},
            "composite >= 0.5 ~ assistance_training + assistance_cash",
        ),
        (
            {"estimator": "within", "terms": ["assistance"]},
            "composite ~ assistance_training + assistance_cash | returnee_id",
        ),
        (
            {
                "estimator": "mixed",
                "random": {"groups": "country", "slopes": ["age"], "correlated": False},
                "vcov": {"type": "CR2", "cluster": "country"},
            },
            "composite ~ assistance_training + assistance_cash + (1 + age || country)",
        ),
    ],
)
def test_every_estimator_can_be_declared(config, codebook, changes, formula):
    one = declared(config, **{"outcomes": ["composite"], "terms": ["assistance"]} | changes)
    one = one.model_copy(update={"controls": []})
    check(config, codebook, one)
    assert expand([one], ASSISTANCE)[0].formula == formula


@pytest.mark.parametrize(
    ("where", "passes"),
    [
        ("mode == phone", True),
        ("not (mode in (in_person, other)) and age >= 18", True),
        ("age >= 18", False),
        ("mode == phone or age >= 18", False),
        ("mode != phone", False),
    ],
)
def test_a_list_of_levels_may_leave_out_what_the_filter_never_keeps(
    config, codebook, where, passes
):
    others = [answer.code for answer in codebook.answers_of("mode") if answer.code != "phone"]
    where = where.replace("in_person, other", ", ".join(others))
    one = declared(config, categories={"mode": ["phone"]}, filter=where)
    if passes:
        check(config, codebook, one)
    else:
        with pytest.raises(StudyError, match=r"mode also holds .*, which is not listed"):
            check(config, codebook, one)


def test_an_ordered_item_leaves_out_answers_that_say_nothing(config, codebook):
    order = [a.code for a in codebook.answers_of("q22") if a.score is not None][::-1]
    assert codebook.nonresponse_codes.isdisjoint(order)
    ordered = {"estimator": "ordered_logit", "outcomes": ["q22"], "terms": ["age"], "controls": []}
    check(config, codebook, declared(config, **ordered, categories={"q22": order}))
    with pytest.raises(StudyError, match=f"q22 also holds {order[0]}, which is not listed"):
        check(config, codebook, declared(config, **ordered, categories={"q22": order[1:]}))
    # An item's score has its order in itself.
    check(config, codebook, declared(config, **ordered | {"outcomes": ["item_q22"]}))


def test_hash_is_stable_and_follows_the_content_but_not_the_title(config):
    spec = expand([declared(config)], ASSISTANCE)[0]
    assert spec.spec_hash == "c6f69b026028"
    assert dataclasses.replace(spec, title="Another title").spec_hash == spec.spec_hash
    for name, value in {
        "outcome": "social",
        "filter": "is_last == 1",
        "coding": "SEN",
        "estimator": "within",
        "not_recorded": "drop",
        "role": "robustness",
        "controls": (),
    }.items():
        assert dataclasses.replace(spec, **{name: value}).spec_hash != spec.spec_hash, name


def test_table_holds_what_is_promised(config):
    table = specs_table(expand(config.specifications, config.assistance))
    assert table.columns[:9].tolist() == [
        *("spec_id", "title", "role", "outcome", "formula", "sample", "estimator", "vcov"),
        "spec_hash",
    ]
    assert table["spec_id"].is_unique
    assert table["spec_hash"].is_unique
    assert not table.isna().any(axis=None)


def check(config, codebook, *specifications, **orion):
    check_specifications(
        specifications,
        config.assistance,
        config.orion.model_copy(update=orion),
        config.trends,
        codebook,
    )


def test_the_study_itself_is_in_order(config, codebook):
    check(config, codebook, *config.specifications)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"terms": ["contry"]}, "did you mean country"),
        ({"terms": ["training"]}, "did you mean assistance_training"),
        ({"controls": ["ag"]}, "levels.controls: there is no column 'ag' of surveys"),
        ({"controls": ["months_between"]}, "no column 'months_between' of surveys"),
        ({"controls": ["q8"]}, "no column 'q8'"),
        ({"controls": ["returnee_id"]}, "returnee_id holds ids, which `fixed_effects`"),
        ({"controls": ["survey_date"]}, "survey_date holds dates"),
        ({"terms": ["log(agee)"]}, "no column 'agee' of surveys; did you mean age"),
        ({"terms": ["log(sex)"]}, "log(sex): sex does not hold numbers"),
        ({"fixed_effects": ["person"]}, "levels.fixed_effects: there is no column 'person'"),
        ({"weights": "mode"}, "levels.weights: mode must hold numbers and holds texts"),
        ({"categories": ["mood"]}, "did you mean mode"),
        ({"categories": {"mode": ["phone"]}}, "mode also holds in_person, which is not listed"),
        ({"categories": {"mode": ["phon", "phone", "in_person"]}}, "'phon' is no answer of mode"),
        ({"coding": {"mode": {"reference": "letter"}}}, "mode has no level 'letter'"),
        ({"coding": {"age": "deviation"}}, "age is a number; name it under `categories` first"),
        ({"coding": {"country": {"reference": "GUI"}}}, "'GUI' is not an ISO 3166-1 alpha-3"),
        ({"estimator": "mixed"}, "levels.random: mixed needs `random"),
        ({"estimator": "mixed", "random": {"groups": "contry"}}, "did you mean country"),
        ({"estimator": "logit", "vcov": WILD}, "logit has no wild; it has classical, HC0"),
        ({"estimator": "within", "vcov": {"type": "HC1"}}, "within has no HC1; it has CR0"),
        ({"estimator": "within", "data": "changes", "outcomes": ["change_social"]}, "of a retur"),
        (
            {"estimator": "ordered_logit", "outcomes": ["q22"]},
            "{q22: [very_poor, poor, fair, good, ",
        ),
        ({"threshold": 0.5}, "levels.threshold: is for logit"),
        ({"quantile": 0.25}, "levels.quantile: is for quantile; the estimator is ols"),
        ({"vcov": [WILD, WILD]}, "levels.vcov: wild-country stands twice"),
        (
            {"vcov": [CR2, CR2 | {"df": "clusters"}]},
            "levels.vcov: cr2-returnee_id is the id of 2 covariances, which differ in df alone",
        ),
        ({"vcov": PERMUTATION}, "levels.vcov.within: there is no column 'contry'"),
        ({"family_terms": ["assistance"]}, "levels.family_terms: needs a `family`"),
        ({"terms": ["composite"]}, "outcome composite stands on the right"),
        ({"outcomes": ["sex"]}, "levels.outcomes: sex must hold numbers and holds texts"),
        ({"outcomes": ["composit"]}, "did you mean composite"),
        ({"vcov": {"type": "CR0", "cluster": "person"}}, "levels.vcov.cluster"),
        ({"filter": "is_lst == 1"}, "did you mean is_last"),
        ({"filter": "country in (GUI)"}, "'GUI' is not an ISO 3166-1 alpha-3"),
        ({"filter": "mode == fone"}, "'fone' is no answer of mode; did you mean phone"),
        ({"filter": "age == old"}, "age holds numbers"),
        ({"filter": "sex > 3"}, "sex holds texts"),
        ({"filter": "survey_date > 2020"}, "survey_date holds dates; write one in quotes"),
    ],
)
def test_what_cannot_be_fitted_is_said_before_anything_runs(config, codebook, changes, said):
    with pytest.raises(StudyError, match="Nothing has been run") as error:
        check(config, codebook, declared(config, **changes))
    assert said in "\n".join(error.value.problems)


def test_a_family_without_members_is_refused(config, tmp_path):
    with pytest.raises(ValueError, match="names no member; leave it out"):
        declared(config, family="aid", family_terms=[])
    written = tmp_path / "spec.yaml"
    written.write_text("{outcome: y, terms: [x], family: aid, family_terms: []}")
    with pytest.raises(StudyError) as error:
        read_specifications(written)
    assert "family_terms: names no member" in "\n".join(error.value.problems)


def test_all_problems_are_said_at_once(config, codebook):
    first = declared(config, terms=["contry"], filter="ag == 3")
    second = declared(config, id="other", controls=["strandd"])
    with pytest.raises(StudyError) as error:
        check(config, codebook, first, second, controls=["contry", "sex"])
    text = "\n".join(error.value.problems)
    for part in ("levels.terms", "levels.filter", "other.controls", "orion.controls"):
        assert part in text


def test_assistance_as_a_whole_is_no_control_of_orion(config, codebook):
    with pytest.raises(StudyError, match=r"orion\.controls: there is no column 'assistance'"):
        check(config, codebook, controls=["country", "assistance"])


def test_checking_specifications_imports_nothing_heavy():
    code = (
        "import sys, reintegration.plan;"
        "print(*{'pandas', 'numpy', 'scipy', 'statsmodels', 'linearmodels'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


def test_what_cannot_be_read_is_said_with_its_key(config):
    bad = declared(config, terms=["a+b"], controls=["log(a, b)"])
    with pytest.raises(StudyError) as error:
        expand([bad], ASSISTANCE)
    assert len(error.value.problems) == 2
    assert "specifications.levels.terms" in error.value.problems[0]


def test_changes_have_columns_that_surveys_have_not(codebook):
    assert known_columns(codebook, "changes").has("change_composite")
    assert not known_columns(codebook, "surveys").has("change_composite")
    assert not known_columns(codebook, "surveys").has("case_number")
