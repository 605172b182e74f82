"""Verdicts on intervals written out by hand."""

import pandas as pd
import pytest

from reintegration.audit.claims import Claim
from reintegration.audit.verdicts import evaluate, gather_numbers

SCORES = ["economic", "social", "psychosocial", "composite"]


def numbers(*rows):
    columns = ["estimate_id", "estimate", "conf_low", "conf_high", "status"]
    table = pd.DataFrame([dict(zip(columns, row, strict=True)) for row in rows])
    return gather_numbers([table])


def claim(test, estimates, **more):
    return Claim(
        id="it", message=4, claim_en="It.", claim_fr="Cela.", test=test, estimates=estimates,
        published="so", reason="Because.", **more,
    )  # fmt: skip


def verdict(the_claim, table):
    return evaluate([the_claim], table, SCORES).verdict.item()


@pytest.mark.parametrize(
    "low, high, expected",
    [(0.01, 0.2, "holds"), (-0.1, 0.1, "inconclusive"), (-0.3, -0.1, "contradicted")],
)
def test_a_sign_holds_only_beyond_the_interval(low, high, expected):
    table = numbers(("a.x.hc3", (low + high) / 2, low, high, "ok"))
    assert verdict(claim("all_positive", ["a.x"]), table) == expected
    mirrored = numbers(("a.x.hc3", -(low + high) / 2, -high, -low, "ok"))
    assert verdict(claim("all_negative", ["a.x"]), mirrored) == expected


def test_all_dimensions_fail_with_the_weakest():
    rows = [(f"s.{d}.x.hc3", 0.1, 0.05, 0.15, "ok") for d in SCORES[:-1]]
    assert verdict(claim("all_positive", ["s.{dimension}.x"]), numbers(*rows)) == "holds"
    rows[1] = ("s.social.x.hc3", 0.02, -0.01, 0.05, "ok")
    judged = evaluate([claim("all_positive", ["s.{dimension}.x"])], numbers(*rows), SCORES)
    assert judged.verdict.item() == "inconclusive"
    assert "s.social.x.hc3" in judged.reason.item()


@pytest.mark.parametrize(
    "low, high, expected",
    [
        (0.25, 0.29, "holds"),
        (0.31, 0.35, "contradicted"),
        (0.10, 0.40, "inconclusive"),
    ],
)
def test_a_share_is_compared_with_its_rounding(low, high, expected):
    table = numbers(("share.a", (low + high) / 2, low, high, "ok"))
    assert verdict(claim("share_near", ["share.a"], value=0.27, margin=0.02), table) == expected


@pytest.mark.parametrize(
    "low, high, expected",
    [(-0.02, 0.01, "holds"), (-0.02, 0.05, "inconclusive"), (0.04, 0.06, "contradicted")],
)
def test_no_change_needs_an_interval_within_the_margin(low, high, expected):
    table = numbers(("c.a.hc3", (low + high) / 2, low, high, "ok"))
    assert verdict(claim("within_margin", ["c.a"], margin=0.03), table) == expected


@pytest.mark.parametrize(
    "margin, expected", [(0.05, "holds"), (0.03, "inconclusive"), (None, "not_testable")]
)
def test_the_estimates_own_margin_serves_where_the_claim_names_none(margin, expected):
    table = pd.DataFrame(
        {
            "estimate_id": ["c.a.hc3"], "estimate": [0.01], "conf_low": [-0.02],
            "conf_high": [0.04], "margin": [margin], "status": ["ok"],
        }
    )  # fmt: skip
    assert verdict(claim("within_margin", ["c.a"]), gather_numbers([table])) == expected


@pytest.mark.parametrize(
    "low, high, size, expected",
    [
        (0.01, 0.05, 0.3, "holds"),
        (-0.01, 0.05, 0.2, "inconclusive"),
        (-0.05, -0.01, -0.2, "contradicted"),
        (0.09, 0.11, 0.9, "contradicted"),
        (0.01, 0.13, 0.6, "inconclusive"),
    ],
)
def test_small_and_significant(low, high, size, expected):
    table = pd.DataFrame(
        {
            "estimate_id": ["o.a.hc3"], "estimate": [(low + high) / 2], "conf_low": [low],
            "conf_high": [high], "effect_size": [size], "status": ["ok"],
        }
    )  # fmt: skip
    judged = verdict(claim("small_positive", ["o.a"], margin=0.5), gather_numbers([table]))
    assert judged == expected


def test_lowest_ranks_need_the_whole_interval():
    named = ["rank.a", "rank.b"]
    sure = numbers(("rank.a", 1, 1, 2, "ok"), ("rank.b", 2, 1, 3, "ok"))
    unsure = numbers(("rank.a", 1, 1, 2, "ok"), ("rank.b", 2, 1, 5, "ok"))
    wrong = numbers(("rank.a", 1, 1, 2, "ok"), ("rank.b", 6, 4, 8, "ok"))
    verdicts = [verdict(claim("lowest_ranks", named, value=3), t) for t in (sure, unsure, wrong)]
    assert verdicts == ["holds", "inconclusive", "contradicted"]


def test_ranks_and_slopes_are_read_from_their_own_columns():
    ranks = pd.DataFrame(
        {
            "estimate_id": ["rank.a"], "estimate": [-0.1], "rank": [1], "rank_low": [1],
            "rank_high": [2], "status": ["ok"],
        }
    )  # fmt: skip
    slopes = pd.DataFrame(
        {
            "estimate_id": ["trend.a.cr1s"], "slope_per_year": [0.1], "conf_low": [0.05],
            "conf_high": [0.15], "status": ["ok"],
        }
    )  # fmt: skip
    table = gather_numbers([ranks, slopes])
    assert table.loc["rank.a", ["estimate", "conf_low", "conf_high"]].tolist() == [1, 1, 2]
    assert verdict(claim("all_positive", ["trend.a"]), table) == "holds"


def test_exceeds_compares_with_every_other():
    def three(second_high):
        return numbers(
            ("i.a", 0.5, 0.4, 0.6, "ok"),
            ("i.b", 0.1, 0.05, second_high, "ok"),
            ("i.c", 0.2, 0.1, 0.3, "ok"),
        )

    named = ["i.a", "i.b", "i.c"]
    assert verdict(claim("exceeds", named), three(0.2)) == "holds"
    assert verdict(claim("exceeds", named), three(0.45)) == "inconclusive"
    assert verdict(claim("exceeds", named[::-1]), three(0.2)) == "contradicted"


def test_counts_are_exact():
    table = numbers(("n.a", 5139, 5139, 5139, "ok"))
    assert verdict(claim("count", ["n.a"], value=5139), table) == "holds"
    assert verdict(claim("count", ["n.a"], value=5138), table) == "contradicted"


def test_a_count_of_the_published_sample_is_not_tested_on_other_countries():
    table = numbers(("n.a", 6, 6, 6, "ok"))
    counted = claim("count", ["n.a"], value=5, countries=["GIN", "SEN"])
    same = evaluate([counted], table, SCORES, studied=["SEN", "GIN"])
    assert same.verdict.item() == "contradicted"
    for studied in (["SEN"], ["GIN", "SEN", "UGA"]):
        judged = evaluate([counted], table, SCORES, studied=studied)
        assert judged.verdict.item() == "not_testable"
        assert "it counts the published sample" in judged.reason.item()


@pytest.mark.parametrize("status", ["failed: no returnee has two surveys", "not_estimable"])
def test_a_failed_estimate_is_not_testable_and_says_why(status):
    table = numbers(("a.x.hc3", None, None, None, status))
    judged = evaluate([claim("all_positive", ["a.x", "a.y"])], table, SCORES)
    assert judged.verdict.item() == "not_testable"
    assert status in judged.reason.item()
    assert "there is no estimate a.y" in judged.reason.item()


def test_the_first_inference_of_an_estimate_is_used_and_no_other_term():
    table = numbers(
        ("a.x.cr1s-returnee_id", 0.1, 0.05, 0.15, "ok"),
        ("a.x.wild-country", 0.1, -0.05, 0.25, "ok"),
        ("a.x_not_recorded.cr1s-returnee_id", -0.1, -0.15, -0.05, "ok"),
    )
    judged = evaluate([claim("all_positive", ["a.x"])], table, SCORES)
    assert judged.estimate_ids.item() == "a.x.cr1s-returnee_id"
    assert judged.verdict.item() == "holds"


def test_planted_stands_beside_the_verdict():
    table = numbers(("a.x.hc3", 0.1, 0.05, 0.15, "ok"))
    judged = evaluate([claim("all_positive", ["a.x"])], table, SCORES, {"it": "no"})
    assert judged.planted.item() == "no"


def test_ids_must_be_unique():
    with pytest.raises(ValueError, match=r"a\.x\.hc3"):
        numbers(("a.x.hc3", 1, 1, 1, "ok"), ("a.x.hc3", 1, 1, 1, "ok"))


def under_errors(name, *found):
    rows = [
        {"estimate_id": f"{name}.{slug}", "estimate": (low + high) / 2, "conf_low": low,
         "conf_high": high, "status": status, "vcov": vcov, "cluster_var": cluster}
        for slug, vcov, cluster, low, high, status in found
    ]  # fmt: skip
    return pd.DataFrame(rows)


def test_a_verdict_names_its_error_and_what_another_error_would_say():
    table = under_errors(
        "a.x",
        ("hc3", "HC3", None, 0.01, 0.09, "ok"),
        ("cr2-place", "CR2", "place", -0.03, 0.13, "ok"),
        ("cr3-place", "CR3", "place", 0.005, 0.095, "ok"),
        ("wild-place", "wild", "place", -0.02, 0.12, "not_estimable_under_this_vcov"),
    )
    alone = under_errors("b.x", ("hc1", "HC1", None, 0.02, 0.05, "ok"))
    known = gather_numbers([table, alone])
    judged = evaluate([claim("all_positive", ["a.x", "b.x"])], known, SCORES).iloc[0]
    assert (judged.verdict, judged.error) == ("holds", "HC3; HC1")
    assert judged.otherwise == "inconclusive under CR2 by place"


def test_a_count_has_no_error():
    rows = pd.DataFrame(
        [{"estimate_id": "n.a", "estimate": 3, "conf_low": 3, "conf_high": 3, "status": "ok",
          "interval": "count"}]
    )  # fmt: skip
    judged = evaluate([claim("count", ["n.a"], value=3)], gather_numbers([rows]), SCORES)
    assert (judged.verdict.item(), judged.error.item()) == ("holds", "")
