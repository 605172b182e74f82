import pytest

from reintegration.config import Assistance, Specification
from reintegration.errors import StudyError
from reintegration.estimation.declared import check_specifications, expand
from reintegration.estimation.refits import refit_specifications


@pytest.fixture(scope="module")
def config(root):
    from reintegration.config import load_config

    return load_config(root / "config.yaml")


@pytest.fixture(scope="module")
def codebook(root, config):
    return config.instrument.codebook(root)


def changed(config, place: int = 0, **keys) -> list[Specification]:
    plain = config.specifications[place].model_dump(mode="json", exclude_none=True) | keys
    return [Specification.model_validate(plain)]


def check(config, codebook, specifications, **assistance) -> list[str]:
    section = Assistance.model_validate(config.assistance.model_dump() | assistance)
    with pytest.raises(StudyError) as error:
        check_specifications(specifications, section, config.orion, config.trends, codebook)
    return error.value.problems


def test_the_refits_of_the_study(config):
    declared = list(config.specifications)
    moved = {"composite": ["training", "medical"], "social": ["medical"]}
    bases = expand(declared, config.assistance)
    refits = {one.spec_id: one for one in refit_specifications(declared, bases, moved)}
    assert {name for name in refits if name.startswith("levels.social")} == {
        "levels.social.without_items.medical",
        "levels.social.person_equal",
        "levels.social.common_months",
        "levels.social.within_between",
    }
    less = refits["levels.composite.without_items.training"]
    assert (less.outcome, less.refit_of) == ("composite_without_training", "levels.composite")
    assert [str(term) for term in less.terms] == ["assistance_training"]
    assert {one.role for one in refits.values()} == {"robustness"}
    base = next(one for one in bases if one.spec_id == "levels.composite")
    assert set(less.right_side) == set(base.right_side)
    months = refits["levels.composite.common_months"]
    assert "months_since_return" not in months.variables
    assert (months.fixed_effects, months.filter) == (("whole_months",), "common_months == 1")
    both = refits["levels.composite.within_between"]
    assert "mean_months_since_return" in both.variables
    assert len(both.terms) == 2 * len(config.assistance.types)


def test_a_filter_is_kept(config):
    declared = changed(config, filter="sex == man or age < 30", refits=["common_months"])
    bases = expand(declared, config.assistance)
    refit = refit_specifications(declared, bases, {})[0]
    assert refit.filter == "(sex == man or age < 30) and common_months == 1"


def test_refits_leave_the_hash_of_what_is_refitted(config):
    plain = expand(changed(config, refits=[]), config.assistance)
    asked = expand(changed(config), config.assistance)
    assert [one.spec_hash for one in plain] == [one.spec_hash for one in asked]


@pytest.mark.parametrize(
    ("keys", "place", "said"),
    [
        ({"refits": ["person_equal"]}, 1, "person_equal compares surveys; `data: changes`"),
        ({"refits": ["within_between"]}, 1, "only without_items can be asked"),
        ({"refits": ["without_items"]}, 2, "needs a score that holds an item"),
        ({"terms": ["country"]}, 0, "no term is one"),
        ({"weights": "age"}, 0, "`weights` are declared already"),
        ({"estimator": "within"}, 0, "is made for `estimator: ols`, not within"),
    ],
)
def test_what_cannot_be_refitted_is_refused(config, codebook, keys, place, said):
    problems = check(config, codebook, changed(config, place, **keys))
    assert any(said in problem and ".refits: " in problem for problem in problems), problems


def test_items_and_types_that_move_are_known(config, codebook):
    moves = {"training": ["q66"], "traning": ["q6"]}
    problems = check(config, codebook, changed(config), moves=moves)
    assert any("assistance.moves.training: 'q66' is no item" in text for text in problems)
    assert any(
        "assistance.moves.traning: 'traning' is no type of assistance" in text for text in problems
    )
