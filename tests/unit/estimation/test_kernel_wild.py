import itertools

import numpy as np
import pytest

from reintegration.estimation.kernel import wild
from reintegration.estimation.kernel.gram import gram
from reintegration.estimation.kernel.single import Equation
from reintegration.estimation.kernel.wild import wild_bootstrap
from reintegration.estimation.results import FAILED, NOT_ESTIMABLE, NOT_ESTIMABLE_UNDER_VCOV, OK

NAMES = ("y", "a", "b", "c")
EQUATION = Equation("y", ("a", "b", "c"))


def sample(n: int = 60, n_clusters: int = 7, seed: int = 3):
    rng = np.random.default_rng(seed)
    clusters = np.concatenate(
        [np.arange(n_clusters), rng.integers(0, n_clusters, size=n - n_clusters)]
    )
    columns = rng.normal(size=(n, 4)) + 2
    columns[:, 1] += rng.normal(size=n_clusters)[clusters]
    columns[:, 0] += 0.2 * columns[:, 1] + rng.normal(size=n_clusters)[clusters]
    return columns, clusters


def literal(columns, clusters, vectors, null, null_imposed, weights=None):
    """Statistics of `a` from refits to rows: |t|, and |t*| of every vector of weights."""
    root = np.sqrt(np.ones(len(columns)) if weights is None else weights)[:, None]
    y = columns[:, 0] * root[:, 0]
    x = np.column_stack([np.ones(len(columns)), columns[:, 1:]]) * root

    def fit(outcome, design):
        b = np.linalg.lstsq(design, outcome, rcond=None)[0]
        residual = outcome - design @ b
        bread = np.linalg.inv(design.T @ design)
        scores = [
            design[clusters == g].T @ residual[clusters == g] for g in range(clusters.max() + 1)
        ]
        return b, residual, np.sqrt(np.diag(bread @ np.transpose(scores) @ scores @ bread))

    b, residual, errors = fit(y, x)
    tested, fitted = b[1], y - residual
    if null_imposed:
        _, residual, _ = fit(y - null * x[:, 1], np.delete(x, 1, axis=1))
        tested, fitted = null, y - residual
    found = []
    for vector in vectors:
        again, _, spread = fit(fitted + residual * vector[clusters], x)
        found.append(abs((again[1] - tested) / spread[1]))
    return abs((b[1] - null) / errors[1]), np.array(found)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("algorithm", ["clusters", "rows"])
@pytest.mark.parametrize("null_imposed", [True, False])
@pytest.mark.parametrize("null", [0.0, 0.3])
def test_all_signs_equal_literal_refits(null, null_imposed, algorithm, weighted):
    columns, clusters = sample()
    weights = np.linspace(0.5, 2, 60) if weighted else None
    statistics = gram(columns, NAMES, clusters=clusters, weights=weights, algorithm=algorithm)
    found = wild_bootstrap(statistics, EQUATION, "a", null=null, null_imposed=null_imposed)
    signs = np.array(list(itertools.product([1.0, -1.0], repeat=7)))
    t, others = literal(columns, clusters, signs, null, null_imposed, weights)
    assert found.draws == 128 and found.enumerated and found.status == OK
    assert found.at_least == (others >= t * (1 - 1e-9)).sum()
    assert found.ties == (np.abs(others / t - 1) < 1e-9).sum()
    assert found.p_value == found.at_least / 128
    assert found.p_strict == (found.at_least - found.ties) / 128
    if null_imposed:
        assert found.ties >= 2  # all signs equal give back t itself


@pytest.mark.parametrize("weights", ["rademacher", "webb"])
@pytest.mark.parametrize("n_clusters", [7, 40])
def test_draws_equal_literal_refits(n_clusters, weights):
    columns, clusters = sample(n_clusters=n_clusters)
    found = wild_bootstrap(
        gram(columns, NAMES, clusters=clusters),
        EQUATION,
        "a",
        null=0.1,
        weights=weights,
        draws=99,
        limit=1,
        rng=np.random.default_rng(5),
    )
    vectors = np.concatenate(list(wild._drawn(weights, 99, n_clusters, np.random.default_rng(5))))
    t, others = literal(columns, clusters, vectors, 0.1, null_imposed=True)
    assert not found.enumerated and found.draws == 99
    assert found.at_least == (others >= t * (1 - 1e-9)).sum()
    assert found.p_value == (1 + found.at_least) / 100
    points = np.sqrt([0.5, 1, 1.5]) if weights == "webb" else [1.0]
    np.testing.assert_allclose(np.unique(np.abs(vectors)), points)


def test_many_clusters_need_no_matrix_of_all_pairs():
    # More than four clusters per coefficient of 3: another order of the same products.
    columns, clusters = sample(n_clusters=30)
    arguments = {"draws": 500, "null": 0.2}
    found = [
        wild_bootstrap(
            gram(columns, NAMES, clusters=clusters),
            Equation("y", regressors),
            "a",
            rng=np.random.default_rng(1),
            **arguments,
        )
        for regressors in (("a",), ("a", "a"))
    ]
    assert found[0] == found[1]
    vectors = np.concatenate(list(wild._drawn("rademacher", 500, 30, np.random.default_rng(1))))
    t, others = literal(columns[:, :2], clusters, vectors, 0.2, null_imposed=True)
    assert found[0].at_least == (others >= t * (1 - 1e-9)).sum()


def test_one_mean_is_the_exact_test_by_signs():
    # One row per cluster, intercept only, null imposed: residuals are the outcomes, so all
    # signs are the randomisation distribution of Student's t under symmetry.
    y = np.array([0.3, 1.9, -0.4, 2.2, 1.1, 0.8, 1.5, -0.1, 0.9])
    found = wild_bootstrap(
        gram(y[:, None], ["y"], clusters=np.arange(9)), Equation("y", ()), "intercept"
    )
    signed = np.array(list(itertools.product([1.0, -1.0], repeat=9))) * y
    t = np.abs(signed.mean(axis=1) / signed.std(axis=1))
    assert found.at_least == (t >= abs(y.mean() / y.std()) * (1 - 1e-9)).sum()


def test_every_sign_comes_once_but_for_its_mirror_image():
    for n_clusters in (2, 5, 14):
        signs = np.concatenate(wild.all_signs(n_clusters))
        assert signs.shape == (1 << (n_clusters - 1), n_clusters)
        assert (signs[:, 0] == 1).all()
        assert len(np.unique(signs, axis=0)) == len(signs)


@pytest.mark.parametrize("null_imposed", [True, False])
def test_interval_holds_the_nulls_that_are_not_refused(null_imposed):
    columns, clusters = sample(n_clusters=9)
    statistics = gram(columns, NAMES, clusters=clusters)

    def p(null: float) -> float:
        return wild_bootstrap(
            statistics, EQUATION, "a", null=null, null_imposed=null_imposed
        ).p_value

    found = wild_bootstrap(statistics, EQUATION, "a", null_imposed=null_imposed, confidence=0.9)
    step = 1e-6 * found.std_error
    assert found.conf_low < found.estimate < found.conf_high
    assert p(found.conf_low + step) > 0.1 >= p(found.conf_low - step)
    assert p(found.conf_high - step) > 0.1 >= p(found.conf_high + step)


@pytest.mark.parametrize("null_imposed", [True, False])
@pytest.mark.parametrize(("weights", "draws"), [("rademacher", 0), ("webb", 20_000)])
def test_interval_is_that_of_counting_every_draw_at_every_null(null_imposed, weights, draws):
    """What a bracket tells of a draw is left out of the count: the bounds must not notice."""
    columns, clusters = sample(n_clusters=16)
    statistics = gram(columns, NAMES, clusters=clusters)
    options = {"null_imposed": null_imposed, "weights": weights, "draws": draws}

    def p(null: float) -> float:
        rng = np.random.default_rng(3)
        return wild_bootstrap(statistics, EQUATION, "a", null=null, rng=rng, **options).p_value

    found = wild_bootstrap(
        statistics, EQUATION, "a", rng=np.random.default_rng(3), confidence=0.95, **options
    )
    assert found.draws > 4 * wild.ROWS
    step = 1e-6 * found.std_error
    assert p(found.conf_low + step) > 0.05 >= p(found.conf_low - step)
    assert p(found.conf_high - step) > 0.05 >= p(found.conf_high + step)


def test_four_clusters_cannot_refuse_anything_at_five_percent():
    columns, clusters = sample(n_clusters=4)
    found = wild_bootstrap(gram(columns, NAMES, clusters=clusters), EQUATION, "a", confidence=0.95)
    assert found.p_value >= 2 / 16
    assert (found.conf_low, found.conf_high) == (-np.inf, np.inf)


def test_a_planted_effect_is_found_and_its_size_lies_in_the_interval():
    rng = np.random.default_rng(0)
    clusters = np.repeat(np.arange(12), 20)
    treated = (clusters % 2 == 0).astype(float)
    y = 1.0 * treated + 0.3 * rng.normal(size=12)[clusters] + 0.3 * rng.normal(size=240)
    found = wild_bootstrap(
        gram(np.column_stack([y, treated]), ["y", "t"], clusters=clusters),
        Equation("y", ("t",)),
        "t",
        confidence=0.95,
    )
    assert found.p_value < 0.02
    assert found.conf_low < 1 < found.conf_high


def test_what_cannot_be_tested_has_a_status_and_no_p_value():
    columns, clusters = sample()
    data = np.column_stack([columns, clusters == 2, 2 * columns[:, 1], 3 * columns[:, 2]])
    statistics = gram(data, [*NAMES, "own", "twice", "exact"], clusters=clusters)
    for equation, term, status in (
        (Equation("y", ("a", "own")), "own", NOT_ESTIMABLE_UNDER_VCOV),
        (Equation("y", ("a", "twice")), "twice", NOT_ESTIMABLE),
        (Equation("y", ("a",)), "b", FAILED),
        (Equation("exact", ("a", "b")), "a", NOT_ESTIMABLE_UNDER_VCOV),
    ):
        found = wild_bootstrap(statistics, equation, term)
        assert found.status == status
        assert found.reason
        assert np.isnan(found.p_value) and found.draws == 0


def test_draws_need_a_generator_and_known_weights():
    columns, clusters = sample(n_clusters=30)
    statistics = gram(columns, NAMES, clusters=clusters)
    with pytest.raises(ValueError, match="30 clusters need draws, and draws a generator"):
        wild_bootstrap(statistics, EQUATION, "a")
    with pytest.raises(ValueError, match="rademacher or webb"):
        wild_bootstrap(statistics, EQUATION, "a", weights="mammen")
