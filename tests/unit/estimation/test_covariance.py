import numpy as np
import pytest
import statsmodels.api as sm

from reintegration.estimation.covariance import carriers, covariance, group_sums
from reintegration.estimation.results import NotEstimable
from reintegration.estimation.small_sample import cr2, cr3
from reintegration.estimation.specs import Vcov

CLUSTERS = np.repeat(np.arange(20), [1, 2, 3, 4, 5] * 4)


def problem(n: int = 60, k: int = 4, seed: int = 1):
    rng = np.random.default_rng(seed)
    x = np.column_stack([np.ones(n), rng.normal(size=(n, k - 1))])
    y = x @ rng.normal(size=k) + rng.normal(size=n) * (1 + np.abs(x[:, 1]))
    q, r = np.linalg.qr(x)
    fitted = sm.OLS(y, x).fit()
    return x, y, q, r, fitted


@pytest.mark.parametrize("kind", ["HC0", "HC1", "HC2", "HC3"])
def test_hc_equals_statsmodels(kind):
    x, y, q, r, fitted = problem()
    ours = covariance(q, r, fitted.resid, Vcov(kind))
    theirs = sm.OLS(y, x).fit(cov_type=kind, use_t=True)
    np.testing.assert_allclose(ours.matrix, theirs.cov_params(), rtol=1e-10)
    assert ours.df == 56
    assert ours.inference == "t(n-k)"
    assert ours.n_clusters is None


def test_cr1s_equals_statsmodels_and_the_others_follow_by_their_factors():
    x, y, q, r, fitted = problem()
    theirs = sm.OLS(y, x).fit(
        cov_type="cluster", cov_kwds={"groups": CLUSTERS, "use_correction": True}, use_t=True
    )
    cr1s = covariance(q, r, fitted.resid, Vcov("CR1S", "g"), CLUSTERS)
    np.testing.assert_allclose(cr1s.matrix, theirs.cov_params(), rtol=1e-10)
    assert (cr1s.df, cr1s.n_clusters, cr1s.inference) == (19, 20, "t(G-1)")
    cr0 = covariance(q, r, fitted.resid, Vcov("CR0", "g"), CLUSTERS)
    cr1 = covariance(q, r, fitted.resid, Vcov("CR1", "g"), CLUSTERS)
    np.testing.assert_allclose(cr1.matrix, cr0.matrix * 20 / 19, rtol=1e-12)
    np.testing.assert_allclose(cr1s.matrix, cr1.matrix * 59 / 56, rtol=1e-12)


def test_clusters_of_one_row_are_no_clusters():
    # With G = n the factor of CR1S, G/(G-1) (n-1)/(n-k), is that of HC1, n/(n-k).
    _, _, q, r, fitted = problem()
    for cluster, plain in (("CR1S", "HC1"), ("CR0", "HC0")):
        np.testing.assert_allclose(
            covariance(q, r, fitted.resid, Vcov(cluster, "g"), np.arange(60)).matrix,
            covariance(q, r, fitted.resid, Vcov(plain)).matrix,
            rtol=1e-12,
        )


def test_order_of_rows_does_not_matter():
    x, _, q, r, fitted = problem()
    shuffled = np.random.default_rng(0).permutation(60)
    q2, r2 = np.linalg.qr(x[shuffled])
    again = covariance(q2, r2, fitted.resid[shuffled], Vcov("CR1S", "g"), CLUSTERS[shuffled])
    once = covariance(q, r, fitted.resid, Vcov("CR1S", "g"), CLUSTERS)
    np.testing.assert_allclose(again.matrix, once.matrix, rtol=1e-10)


def test_one_cluster_has_no_variance():
    _, _, q, r, fitted = problem()
    with pytest.raises(NotEstimable, match="one cluster"):
        covariance(q, r, fitted.resid, Vcov("CR1S", "g"), np.zeros(60, dtype=int))


def test_no_degree_of_freedom_is_refused():
    q, r = np.linalg.qr(np.random.default_rng(0).normal(size=(4, 4)))
    with pytest.raises(NotEstimable, match="4 rows"):
        covariance(q, r, np.zeros(4), Vcov("HC1"))


def test_a_row_that_fits_itself_is_named_and_no_infinite_error_comes_of_it():
    rng = np.random.default_rng(0)
    x = np.column_stack([np.ones(30), rng.normal(size=30), np.eye(30)[:, 7]])
    y = rng.normal(size=30)
    q, r = np.linalg.qr(x)
    fitted = sm.OLS(y, x).fit()
    ours = covariance(q, r, fitted.resid, Vcov("HC3"))
    assert ours.alone.tolist() == [7]
    assert ours.leaning(np.array([0.0, 0.0, 1.0]))[1] == 1
    assert ours.leaning(np.array([0.0, 1.0, 0.0])) == (0.0, 0)
    # What does not lean on it has the error it would have without that row.
    others = np.arange(30) != 7
    without = sm.OLS(y[others], x[others, :2]).fit(cov_type="HC3")
    np.testing.assert_allclose(ours.std_error(np.array([0.0, 1.0, 0.0])), without.bse[1], rtol=1e-9)


def test_sums_by_group():
    values = np.arange(6.0).reshape(3, 2)
    np.testing.assert_array_equal(
        group_sums(values, np.array([2, 0, 2]), 4), [[2, 3], [0, 0], [4, 6], [0, 0]]
    )


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([0, 0, 0, 0, 0, 0], 0),
        ([1, 0, 0, 0, 0, 0], 1),  # group 0 holds the only one
        ([1, 1, 0, 0, 0, 0], 1),
        ([1, 0, 1, 0, 0, 0], 2),
        ([0, 1, 1, 1, 1, 1], 1),  # all but one are 1: the zero is what tells
        ([5, 5, 5, 7, 8, 5], 2),  # more than two values: not the most common one
    ],
)
def test_carriers_counts_the_groups_that_tell(values, expected):
    assert carriers(np.array(values, dtype=float), np.array([0, 0, 1, 1, 2, 2])) == expected


def test_carriers_without_groups_counts_rows():
    assert carriers(np.array([1.0, 0, 0, 1, 0])) == 2


@pytest.mark.parametrize("size", [1, 2, 30])
def test_cr2_by_rows_is_the_general_cr2(size):
    rng = np.random.default_rng(8)
    n = 240
    q = np.linalg.qr(rng.normal(size=(n, 6)))[0]
    residuals = rng.normal(size=n)
    residuals -= q @ (q.T @ residuals)
    clusters = np.arange(n // size).repeat(size)
    clusters[:4] = 0  # clusters differ in size
    clusters = np.unique(clusters, return_inverse=True)[1]
    direction = rng.normal(size=6)
    rows = cr2(q, residuals, clusters)
    general = cr2(q, residuals, clusters, root=np.ones(n))
    np.testing.assert_allclose(rows.scores, general.scores, rtol=0, atol=1e-12)
    assert rows.df(direction) == pytest.approx(general.df(direction), rel=1e-10)


@pytest.mark.parametrize("size", [1, 2, 30])
def test_cr3_is_the_jackknife_of_clusters(size):
    rng = np.random.default_rng(9)
    n = 240
    x, y = rng.normal(size=(n, 6)), rng.normal(size=n)
    clusters = np.arange(n // size).repeat(size)
    q, r = np.linalg.qr(x)
    b = np.linalg.lstsq(x, y)[0]
    scores = cr3(q, y - x @ b, clusters)
    for g in (0, 3):
        without = np.linalg.lstsq(x[clusters != g], y[clusters != g])[0]
        np.testing.assert_allclose(np.linalg.solve(r, scores[g]), b - without, atol=1e-12)
