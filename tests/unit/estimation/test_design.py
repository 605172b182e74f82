from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from reintegration.estimation.design import build_design, independent_columns, less_group_means
from reintegration.estimation.grammar import parse_term
from reintegration.estimation.results import NotEstimable
from reintegration.estimation.rows import account_rows, row_account
from reintegration.estimation.specs import Specification, Vcov


def spec(*terms: str, **changes) -> Specification:
    return Specification(
        **{
            "spec_id": "levels.y",
            "title": "",
            "role": "published",
            "data": "surveys",
            "outcome": "y",
            "terms": tuple(parse_term(term) for term in terms),
            "vcov": Vcov("HC1"),
        }
        | changes
    )


def frame(**columns) -> pd.DataFrame:
    n = max(len(values) for values in columns.values())
    given = {"survey_id": [f"S{i}" for i in range(n)], "y": np.arange(n) % 5 + np.arange(n) / 7}
    given["returnee_id"] = [f"R{i}" for i in range(n)]
    return pd.DataFrame(given | columns)


def weights(design, term) -> dict[str, float]:
    effect = next(effect for effect in design.effects if effect.term == term)
    return dict(zip(design.columns, effect.weights, strict=True))


# ---------------------------------------------------------------- coding


def test_deviation_coding_gives_every_country_including_the_last():
    data = frame(country=["GIN", "MAR", "SEN"] * 4)
    design = build_design(data, spec("country"))
    assert design.columns == ("intercept", "country.GIN", "country.MAR")
    np.testing.assert_array_equal(design.x[:3, 1:], [[1, 0], [0, 1], [-1, -1]])
    assert weights(design, "country.SEN") == {"intercept": 0, "country.GIN": -1, "country.MAR": -1}
    effect = design.effects[-1]
    assert effect.contrast == "SEN minus the unweighted mean of 3 countries"


def test_reference_coding_names_its_reference():
    data = frame(country=["GIN", "MAR", "SEN"] * 4)
    design = build_design(data, spec("country", coding="MAR"))
    assert design.columns == ("intercept", "country.GIN", "country.SEN")
    assert {effect.contrast for effect in design.effects[1:]} == {"GIN minus MAR", "SEN minus MAR"}


def test_other_categories_are_compared_with_the_first_in_order():
    data = frame(sex=["woman", "man", "man", "woman"] * 3)
    design = build_design(data, spec("sex"))
    assert design.columns == ("intercept", "sex.woman")
    assert design.effects[1].contrast == "woman minus man"


def test_levels_without_rows_never_enter_but_are_reported():
    country = pd.Categorical(["GIN", "MAR"] * 6, categories=["GIN", "MAR", "SEN"])
    design = build_design(
        frame(country=country), spec("country"), countries=["GIN", "MAR", "SEN", "SOM"]
    )
    assert design.columns == ("intercept", "country.GIN")
    problems = {effect.level: effect.problem for effect in design.effects}
    assert problems["GIN"] == problems["MAR"] == ""
    assert problems["SEN"] == "no row of SEN is in the sample"
    assert problems["SOM"] == "no row of SOM is in the sample"
    assert design.effects[1].contrast.endswith("mean of 2 countries")


def test_one_country_has_no_average_to_differ_from():
    design = build_design(frame(country=["GIN"] * 6), spec("country"))
    assert design.columns == ("intercept",)
    assert "only country" in design.effects[1].problem


def test_an_absent_reference_country_stops_the_specification():
    with pytest.raises(NotEstimable, match="reference country SEN"):
        build_design(frame(country=["GIN", "MAR"] * 4), spec("country", coding="SEN"))


def test_assistance_not_recorded_is_a_category_of_its_own():
    data = frame(assistance_training=pd.array([1, 0, None, 1, 0, None, 1, 0], dtype="Int8"))
    design = build_design(data, spec("assistance_training"))
    assert design.columns == ("intercept", "training", "training_not_recorded")
    np.testing.assert_array_equal(design.x[:3, 1:], [[1, 0], [0, 0], [0, 1]])
    assert design.effects[1].contrast == "received minus not received"
    assert design.effects[2].contrast == "not recorded minus not received"
    assert len(design.y) == 8


def test_assistance_not_recorded_can_drop_the_row_instead():
    data = frame(assistance_training=[1, 0, None, 1, 0, None, 1, 0])
    design = build_design(data, spec("assistance_training", not_recorded="drop"))
    assert design.columns == ("intercept", "training")
    assert design.rows.tolist() == [0, 1, 3, 4, 6, 7]


def test_interactions_are_products_and_sum_coded_levels_sum_to_zero():
    data = frame(country=["GIN", "MAR", "SEN"] * 6, x=list(range(9)) * 2)
    design = build_design(data, spec("country", "x", "country:x"))
    assert design.columns[-2:] == ("country.GIN:x", "country.MAR:x")
    np.testing.assert_array_equal(design.x[:, 4], design.x[:, 1] * design.x[:, 3])
    assert weights(design, "country.SEN:x")["country.GIN:x"] == -1
    total = sum(effect.weights for effect in design.effects if effect.term.endswith(":x"))
    np.testing.assert_allclose(total, 0)


# ---------------------------------------------------------------- aliases


def test_the_later_alias_is_dropped_and_what_leans_on_it_says_so():
    x = np.arange(12.0)
    data = frame(a=x**2, b=x, c=3 * x - 1, d=np.sin(x))
    design = build_design(data, spec("a", "b", "c", "d"))
    assert design.columns == ("intercept", "a", "b", "d")
    assert design.dropped == {"c": ("intercept", "b")}
    by_term = {effect.term: effect for effect in design.effects}
    assert by_term["c"].weights is None
    assert by_term["c"].problem == "c was dropped: it is a combination of intercept, b"
    assert "c having been dropped" in by_term["b"].warning
    assert by_term["a"].warning == by_term["d"].warning == ""


def test_a_dropped_column_is_not_what_a_later_one_is_explained_by():
    # After the first alias a plain QR would compare the rest with rounding noise.
    x = np.arange(12.0)
    data = frame(a=x, b=x * (1 + 1e-13), c=np.cos(x))
    design = build_design(data, spec("a", "b", "c"))
    assert design.columns == ("intercept", "a", "c")
    assert design.dropped == {"b": ("a",)}


def test_a_constant_column_is_dropped_with_its_reason():
    design = build_design(frame(is_first=[1] * 8), spec("is_first"))
    assert design.columns == ("intercept",)
    assert design.effects[1].problem == "is_first does not vary in the sample"


def test_identical_gaps_in_the_record_are_one_column():
    gap = [np.nan] * 3 + [0, 1, 0, 1, 1, 0, 0, 1]
    other = [np.nan] * 3 + [1, 1, 0, 0, 1, 1, 0, 1]
    data = frame(assistance_training=gap, assistance_cash=other)
    design = build_design(data, spec("assistance_training", "assistance_cash"))
    assert design.dropped == {"cash_not_recorded": ("training_not_recorded",)}


def test_tolerance_is_that_of_lm():
    x = np.linspace(0, 1, 50)
    noise = np.sin(100 * x)
    for size, kept in ((1e-6, 3), (1e-9, 2)):
        columns = np.column_stack([np.ones(50), x, x + size * noise])
        found, _ = independent_columns(
            np.linalg.qr(columns, mode="r"), np.linalg.norm(columns, axis=0)
        )
        assert len(found) == kept


def test_more_columns_than_rows_is_refused():
    columns = {f"x{j}": np.cos(np.arange(5.0) * (j + 1)) for j in range(7)}
    with pytest.raises(NotEstimable, match="5 rows cannot tell 5 coefficients"):
        build_design(frame(**columns), spec(*columns))


# ---------------------------------------------------------------- rows


def test_every_row_is_used_or_excluded_by_one_reason_and_country():
    data = frame(
        country=["GIN", "GIN", "GIN", "SEN", "SEN", None],
        age=[1.0, np.nan, 3.0, np.inf, 5.0, 6.0],
        is_last=[1, 1, 1, 1, 0, 1],
    ).assign(y=[1.0, 2.0, np.nan, 4.0, 5.0, 6.0], returnee_id=["A", "A", "B", "C", "C", "D"])
    wanted = spec("country", "age", filter="is_last == 1")
    used, reasons = row_account(data, wanted)
    assert used.tolist() == [True, False, False, False, False, False]
    assert {reason: rows.nonzero()[0].tolist() for reason, rows in reasons} == {
        "filter: is_last == 1": [4],
        "missing: y": [2],
        "missing: country": [5],
        "missing: age": [1, 3],
    }
    account = pd.DataFrame(account_rows(data, wanted, used, reasons))
    for country, rows in account.groupby("country"):
        count = rows.groupby("step")["rows"].sum()
        assert count["read"] == count.get("excluded", 0) + count["used"], country
    everyone = account[account["country"] == "all"].set_index(["step", "reason"])
    assert everyone.loc[("read", ""), "returnees"] == 4
    assert everyone.loc[("excluded", "missing: age"), "returnees"] == 2
    assert account[account["step"] == "read"].set_index("country")["rows"].to_dict() == {
        **{"all": 6, "GIN": 3, "SEN": 2, "missing": 1}
    }


def test_within_returnees_leaves_out_who_has_one_usable_survey():
    data = frame(x=[1.0, 2, 3, np.nan, 5]).assign(returnee_id=["A", "A", "B", "B", "C"])
    used, reasons = row_account(data, spec("x", estimator="within"))
    assert used.tolist() == [True, True, False, False, False]
    assert reasons[-1][0] == "one survey of the returnee only"


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"outcome": "z"}, "no column z"),
        ({"filter": "age == 3"}, "no column age"),
        ({"filter": "country > 3"}, "holds texts"),
        ({"filter": "country == SOM"}, "no row is left"),
        ({"estimator": "within"}, "no returnee has two surveys"),
    ],
)
def test_what_cannot_be_built_says_why(changes, reason):
    data = frame(country=["GIN", "SEN"] * 4)
    with pytest.raises(NotEstimable, match=reason):
        build_design(data, replace(spec("country"), **changes))


def test_controls_missing_in_every_row_are_named_with_their_key():
    data = frame(country=["GIN", "SEN"] * 4, age=[30.0] * 8).assign(mode=None, months_abroad=np.nan)
    controls = tuple(map(parse_term, ("age", "mode", "months_abroad")))
    with pytest.raises(NotEstimable) as failed:
        build_design(data, spec("country", controls=controls))
    assert str(failed.value) == (
        "no row is left in the sample; missing in every row: mode, months_abroad (to estimate"
        " without: take mode, months_abroad out of `specifications: levels: controls` in"
        " config.yaml)"
    )


def test_assistance_without_a_record_is_said():
    data = frame(country=["GIN", "SEN"] * 4).assign(assistance_cash=np.nan, assistance_housing=None)
    types = ("assistance_cash", "assistance_housing")
    design = build_design(data, spec("country", *types))
    found = {effect.problem for effect in design.effects if effect.group == "assistance"}
    assert found == {"no assistance was recorded in these data"} == {*design.warnings}
    one = build_design(data.assign(assistance_cash=[0, 1, 1, 0, 0, 0, 1, 1]), spec(*types))
    assert one.effects[2].problem == "housing was not recorded in these data"


def test_an_outcome_that_does_not_vary_is_refused():
    with pytest.raises(NotEstimable, match="y does not vary"):
        build_design(frame(country=["GIN", "SEN"] * 4).assign(y=0.5), spec("country"))


def test_an_empty_frame_of_changes_says_that_nobody_came_twice():
    data = frame(country=["GIN"]).iloc[:0]
    with pytest.raises(NotEstimable, match="no returnee has two surveys"):
        build_design(data, spec("country", data="changes"))


def test_group_means_are_taken_out():
    x = np.array([[1.0, 2], [3, 2], [5, 8]])
    np.testing.assert_array_equal(
        less_group_means(x, np.array([0, 0, 1])), [[-1, 0], [1, 0], [0, 0]]
    )
