"""Which terms clusters can tell: own dummies in every disguise have no number."""

import numpy as np
import pandas as pd
import plain_specs
import pytest
from plain_specs import UNDER

from reintegration.estimation.fit import fit_specification
from reintegration.estimation.specs import Specification, Vcov

BY_PLACE = [
    *(Vcov(kind, "place") for kind in ("CR0", "CR1", "CR1S", "CR2", "CR3", "wild", "permutation")),
    Vcov("CR1S", "place", "year"),
    Vcov("wild", "place", weights="webb", draws=99),
]
CR1S = Vcov("CR1S", "place")


def spec(terms: str, vcov: Vcov = CR1S, **changes) -> Specification:
    return plain_specs.spec(terms, vcov, **changes)


def data(places: int = 8, seed: int = 5) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    place = np.repeat(np.arange(places), rng.integers(6, 14, size=places))
    n = len(place)
    frame = pd.DataFrame(
        {
            "place": [f"p{i}" for i in place],
            "year": [f"y{i}" for i in rng.integers(0, 6, size=n)],
            "x": rng.normal(size=n) + 0.2 * place,
            "z": rng.normal(size=n),
            "own": (place == 3).astype(float),  # a cluster's indicator by chance
            "but_one": (place != 3).astype(float),
            "in_one": np.where(place == 3, rng.normal(size=n), 0.0),
            # constant within clusters, another number in each, but for one where it varies
            "varies_in_one": np.where(place == 3, rng.normal(size=n), place * 1.7),
            "levels": rng.normal(size=places)[place],
            "region": np.array(["n", "n", "n", "w", "s", "s", "s", "s"])[place % 8],
            "w": rng.integers(1, 4, size=n).astype(float),
        }
    )
    frame["y"] = frame["x"] + rng.normal(size=places)[place] + rng.normal(size=n)
    return frame


def status(asked: Specification, term: str, frame: pd.DataFrame | None = None) -> str:
    row = fit_specification(data() if frame is None else frame, asked).estimate(term)
    if row["status"] != "ok":
        assert row["warnings"]
        assert np.isnan([row[name] for name in ("estimate", "std_error", "p_value")]).all()
        assert np.isnan([row[name] for name in ("statistic", "conf_low", "conf_high")]).all()
    return row["status"]


DISGUISES = {
    "dummies": (spec("place x"), ["place.p3", "place.p7", "intercept"]),
    "deviation coding": (
        spec("place x", codings=(("place", "deviation"),)),
        ["place.p0", "place.p7"],
    ),
    "its average": (spec("place x", codings=(("place", "deviation"),)), ["intercept"]),
    "without a constant": (spec("place x", intercept=False), ["place.p0", "place.p5"]),
    "an indicator by chance": (spec("own x"), ["own"]),
    "all but one": (spec("but_one x"), ["but_one"]),
    "a variable of one cluster": (spec("in_one x"), ["in_one"]),
    "an interaction": (spec("own x own:x"), ["own", "own:x"]),
    "slopes by cluster": (spec("place place:x"), ["place.p3", "place.p3:x", "place.p0:x"]),
    "slopes beside a common one": (spec("place x place:x"), ["place.p3:x", "x"]),
    "contrasts": (
        spec("place x", contrasts=(("c", (("place.p3", 1.0), ("place.p4", -1.0))),)),
        ["c"],
    ),
    "a contrast with another term": (
        spec("own x", contrasts=(("c", (("x", 1.0), ("own", 0.01))),)),
        ["c"],
    ),
    "varying in one cluster, others absorbed": (
        spec("varies_in_one x", fixed_effects=("place",)),
        ["varies_in_one"],
    ),
    "varying in one cluster beside dummies": (spec("place varies_in_one x"), ["varies_in_one"]),
    "absorbed in two ways": (
        spec("varies_in_one x", fixed_effects=("place", "year")),
        ["varies_in_one"],
    ),
    "an indicator beside effects that cross": (spec("own x", fixed_effects=("year",)), ["own"]),
    "weighted": (spec("own x", weights="w"), ["own"]),
    "weighted, absorbed": (
        spec("varies_in_one x", weights="w", fixed_effects=("place",)),
        ["varies_in_one"],
    ),
    "a level that is one cluster": (spec("region x"), ["region.w"]),
    "the reference is one cluster": (
        spec("region x", codings=(("region", "w"),)),
        ["region.n", "region.s"],
    ),
    "levels of clusters, all but two of them with dummies": (
        spec("d0 d1 d2 d3 d4 d5 levels"),
        ["levels", "d1"],
    ),
}


def with_dummies() -> pd.DataFrame:
    frame = data()
    return frame.assign(**{f"d{i}": (frame["place"] == f"p{i}").astype(float) for i in range(6)})


# One cluster's, and dealt to clusters: that can be compared with other ways of dealing it.
DEALT = {
    "an indicator by chance",
    "all but one",
    "an indicator beside effects that cross",
    "weighted",
    "a level that is one cluster",
    "the reference is one cluster",
}


@pytest.mark.parametrize("vcov", BY_PLACE, ids=lambda vcov: vcov.label)
@pytest.mark.parametrize("case", DISGUISES)
def test_what_one_cluster_alone_tells_has_no_number(case, vcov):
    asked, terms = DISGUISES[case]
    asked = Specification(**{**vars(asked), "vcov": vcov})
    wanted = "ok" if vcov.type == "permutation" and case in DEALT else UNDER
    for term in terms:
        assert status(asked, term, with_dummies()) == wanted, term


@pytest.mark.parametrize("vcov", [v for v in BY_PLACE if v.type != "permutation"], ids=str)
def test_what_several_clusters_tell_has_a_number_beside_such_terms(vcov):
    for asked, term in (
        (spec("place x", vcov), "x"),  # only what varies within clusters is left of it
        (spec("own x", vcov), "x"),
        (spec("own x", vcov), "intercept"),  # the mean of the other clusters
        (spec("levels x", vcov), "levels"),
        (spec("own levels x", vcov), "levels"),
        (spec("x z", vcov, fixed_effects=("place",)), "x"),
        (spec("region x", vcov), "x"),
        (spec("region x", vcov), "region.s"),  # south against north, several places each
    ):
        assert status(asked, term) == "ok", term


def test_what_rests_a_little_on_one_cluster_has_a_number_and_a_warning():
    # The average of three regions, of which one is a single place.
    frame = data(16).assign(region=lambda f: np.where(f["place"] == "p3", "w", "s"))
    place = frame["place"].str[1:].astype(int)
    frame.loc[place > 9, "region"] = "n"
    frame.loc[place == 0, "region"] = "e"
    frame.loc[place == 1, "region"] = "e"
    asked = spec("region", CR1S, codings=(("region", "deviation"),))
    row = fit_specification(frame, asked).estimate("region.e")
    assert row["status"] == "ok"
    assert "of its variance stands on 1 place(s)" in row["warnings"]
    assert (
        status(spec("region", Vcov("CR3", "place"), codings=asked.codings), "region.e", frame)
        == UNDER
    )


# ---------------------------------------------------------------- counts


def equal_clusters(x: np.ndarray, clusters: np.ndarray, weights: np.ndarray, rho: float) -> float:
    """Carter, Schnepel and Steigerwald (2017), equation by equation."""
    inverse = np.linalg.inv(x.T @ x)
    gamma = []
    for g in range(clusters.max() + 1):
        own = x[clusters == g]
        omega = np.full((len(own), len(own)), rho)
        np.fill_diagonal(omega, 1.0)
        gamma.append(weights @ inverse @ own.T @ omega @ own @ inverse @ weights)
    gamma = np.array(gamma)
    spread = np.mean((gamma - gamma.mean()) ** 2) / gamma.mean() ** 2
    return len(gamma) / (1 + spread)


def test_effective_clusters_equal_the_formula():
    frame = data()
    clusters = pd.factorize(frame["place"])[0]
    x = np.column_stack([np.ones(len(frame)), frame["x"], frame["levels"]])
    fit = fit_specification(frame, spec("x levels"))
    for term, weights in (("x", [0, 1, 0]), ("levels", [0, 0, 1]), ("intercept", [1, 0, 0])):
        both = [equal_clusters(x, clusters, np.array(weights, dtype=float), r) for r in (0, 1)]
        row = fit.estimate(term)
        assert row["effective_clusters"] == pytest.approx(min(both))
        assert row["n_carrying"] == 8
    # With an effect for each cluster nothing is left of what it shares.
    dummies = pd.get_dummies(frame["place"]).to_numpy(dtype=float)
    x = np.column_stack([frame["x"], dummies])
    wanted = equal_clusters(x, clusters, np.eye(9)[0], 0)
    for asked in (spec("x", fixed_effects=("place",)), spec("place x")):
        assert fit_specification(frame, asked).estimate("x")["effective_clusters"] == (
            pytest.approx(wanted)
        )


def test_clusters_that_carry_a_term_are_those_of_its_rarer_value():
    frame = data().assign(few=lambda f: f["place"].isin(["p1", "p2"]).astype(float))
    row = fit_specification(frame, spec("few x")).estimate("few")
    assert (row["status"], row["n_carrying"]) == ("ok", 2)
    assert 2 < row["effective_clusters"] < 5
    assert "carried by 2 place(s) only" in row["warnings"]
    both = fit_specification(frame, spec("few x", contrasts=(("c", (("few", 1.0), ("x", 1.0))),)))
    assert both.estimate("c")["n_carrying"] == 2
    plain = fit_specification(frame, spec("few x", Vcov("HC1"))).estimate("few")
    assert np.isnan([plain["n_carrying"], plain["effective_clusters"]]).all()
