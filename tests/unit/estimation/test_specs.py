import dataclasses
import subprocess
import sys

import pytest

from reintegration.codebook import Codebook
from reintegration.config import Assistance, Config, load_config
from reintegration.errors import StudyError
from reintegration.estimation.specs import (
    check_specifications,
    expand,
    known_columns,
    specs_table,
)

ASSISTANCE = Assistance(
    types=["training", "cash"], undated="not_recorded", not_recorded="own_category"
)


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
        ({"controls": ["returnee_id"]}, "no column 'returnee_id'"),
        ({"terms": ["country", "sex:age"]}, "needs sex as a term of its own"),
        ({"terms": ["composite"]}, "outcome composite stands on the right"),
        ({"outcomes": ["sex"]}, "levels.outcomes: there is no column 'sex'"),
        ({"outcomes": ["composit"]}, "did you mean composite"),
        ({"vcov": {"type": "CR0", "cluster": "person"}}, "levels.vcov.cluster"),
        ({"filter": "is_lst == 1"}, "did you mean is_last"),
        ({"filter": "country in (GUI)"}, "'GUI' is not an ISO 3166-1 alpha-3"),
        ({"filter": "mode == fone"}, "'fone' is no answer of mode; did you mean phone"),
        ({"filter": "age == old"}, "age holds numbers"),
        ({"filter": "sex > 3"}, "sex holds texts"),
    ],
)
def test_what_cannot_be_fitted_is_said_before_anything_runs(config, codebook, changes, said):
    with pytest.raises(StudyError, match="Nothing has been run") as error:
        check(config, codebook, declared(config, **changes))
    assert said in "\n".join(error.value.problems)


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
        "import sys, reintegration.estimation.specs;"
        "print(*{'pandas', 'numpy', 'scipy', 'statsmodels', 'linearmodels'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


def test_what_cannot_be_read_is_said_with_its_key(config):
    bad = declared(config, terms=["a+b"], filter="is_last = 1")
    with pytest.raises(StudyError) as error:
        expand([bad], ASSISTANCE)
    assert len(error.value.problems) == 2
    assert "specifications.levels.terms" in error.value.problems[0]


def test_changes_have_columns_that_surveys_have_not(codebook):
    assert "change_composite" in known_columns(codebook, "changes")
    assert "change_composite" not in known_columns(codebook, "surveys")
    assert "case_number" not in known_columns(codebook, "surveys")
