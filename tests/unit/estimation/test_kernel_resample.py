import numpy as np
import pytest
import statsmodels.api as sm

from reintegration.estimation.kernel.assign import drawn_assignments
from reintegration.estimation.kernel.gram import gram
from reintegration.estimation.kernel.resample import cluster_bootstrap, leave_one_out, permute
from reintegration.estimation.kernel.single import Equation
from reintegration.estimation.kernel.solve import solve

NAMES = ("y", "a", "b", "level")
EQUATION = Equation("y", NAMES[1:], ("intercept", "a", "level"))
COLUMNS = [0, 1, 3]
N, G = 200, 9


def sample():
    rng = np.random.default_rng(3)
    clusters = np.concatenate([np.arange(G), rng.integers(0, G, size=N - G)])
    columns = rng.normal(size=(N, 4)) + 3
    columns[:, 3] = rng.normal(size=G)[clusters]
    columns[:, 0] += 0.3 * columns[:, 3] + rng.normal(size=G)[clusters]
    return columns, clusters, rng.uniform(0.5, 2, size=N)


def refit(columns, weights, rows):
    x = sm.add_constant(columns[rows, 1:])
    return sm.WLS(columns[rows, 0], x, weights=weights[rows]).fit()


@pytest.fixture(params=["clusters", "rows"])
def statistics(request):
    columns, clusters, weights = sample()
    return gram(columns, NAMES, clusters=clusters, weights=weights, algorithm=request.param)


def test_leaving_out_a_cluster_equals_refits(statistics):
    columns, clusters, weights = sample()
    found = leave_one_out(statistics, EQUATION)
    expected = [refit(columns, weights, clusters != g).params[COLUMNS] for g in range(G)]
    np.testing.assert_allclose(found.coefficients, expected, rtol=1e-10)
    np.testing.assert_allclose(
        found.changes, refit(columns, weights, clusters >= 0).params[COLUMNS] - expected
    )
    assert found.labels.tolist() == list(range(G))
    assert not found.lost.any()


def test_leaving_out_a_country_of_clusters_equals_refits(statistics):
    columns, clusters, weights = sample()
    country = np.array(["A", "B", "C"])[np.arange(G) % 3]
    found = leave_one_out(statistics, EQUATION, country)
    expected = [
        refit(columns, weights, country[clusters] != name).params[COLUMNS] for name in "ABC"
    ]
    np.testing.assert_allclose(found.coefficients, expected, rtol=1e-10)
    assert found.labels.tolist() == ["A", "B", "C"]


def test_jackknife_is_cr3_but_for_its_factor(statistics):
    found = leave_one_out(statistics, EQUATION)
    cr3 = solve(statistics, [EQUATION], "CR3", covariances=True)
    np.testing.assert_allclose(found.jackknife(), cr3.covariances[0] * (G - 1) / G, rtol=1e-10)
    np.testing.assert_allclose(
        found.dfbetas(cr3.std_errors[0]), found.changes / np.sqrt(np.diag(cr3.covariances[0]))
    )


def test_a_term_that_one_cluster_identifies_is_lost_without_it():
    columns, clusters, _ = sample()
    data = np.column_stack([columns, clusters == 4])
    statistics = gram(data, [*NAMES, "own"], clusters=clusters)
    found = leave_one_out(statistics, Equation("y", ("a", "own")))
    assert np.argwhere(found.lost).tolist() == [[4, 1]]
    assert np.isnan(found.coefficients).sum() == 1
    kept = clusters != 4
    expected = sm.OLS(columns[kept, 0], sm.add_constant(columns[kept, 1])).fit().params[1]
    np.testing.assert_allclose(found.coefficients[4, 0], expected)


def test_clusters_drawn_equal_refits_to_their_rows(statistics):
    columns, clusters, weights = sample()
    found = cluster_bootstrap(statistics, EQUATION, 20, np.random.default_rng(1))
    times = np.random.default_rng(1).multinomial(G, np.full(G, 1 / G), size=20)
    for draw, row in zip(times, found.coefficients, strict=True):
        rows = np.concatenate(
            [np.tile(np.flatnonzero(clusters == g), count) for g, count in enumerate(draw)]
        )
        np.testing.assert_allclose(row, refit(columns, weights, rows).params[COLUMNS], rtol=1e-9)


def test_permuted_columns_equal_refits(statistics):
    columns, clusters, weights = sample()
    found = permute(statistics, EQUATION, "level", 300, np.random.default_rng(5))
    levels = statistics.levels[3] - statistics.levels[3].mean()
    shuffled = np.random.default_rng(5).permuted(np.tile(levels, (256, 1)), axis=1)
    for draw in (0, 17):
        columns[:, 3] = shuffled[draw][clusters]
        theirs = refit(columns, weights, slice(None)).get_robustcov_results(
            "cluster", groups=clusters, use_correction=False
        )
        np.testing.assert_allclose(found.coefficients[draw], theirs.params[3], rtol=1e-9)
        np.testing.assert_allclose(found.statistics[draw], theirs.tvalues[3], rtol=1e-9)
    whole = solve(statistics, [EQUATION], "CR0")
    np.testing.assert_allclose(found.estimate, whole.coefficients[0, 2])
    np.testing.assert_allclose(found.statistic, (whole.coefficients / whole.std_errors)[0, 2])
    at_least = np.abs(found.statistics) >= abs(found.statistic) * (1 - 1e-9)
    assert found.p_statistic == (1 + at_least.sum()) / 301


def test_what_cannot_be_refitted_is_said():
    columns, clusters, _ = sample()
    statistics = gram(columns, NAMES, clusters=clusters)
    rng = np.random.default_rng(0)
    with pytest.raises(ValueError, match="a varies within clusters"):
        permute(statistics, EQUATION, "a", 9, rng)
    with pytest.raises(ValueError, match="the data have no column nowhere"):
        leave_one_out(statistics, Equation("y", ("nowhere",)))
    with pytest.raises(ValueError, match="9 clusters need as many groups"):
        leave_one_out(statistics, EQUATION, [1, 2])
    with pytest.raises(ValueError, match="one cluster only"):
        leave_one_out(gram(columns, NAMES, clusters=np.zeros(N)), EQUATION)


def test_clusters_change_places_within_strata_only(statistics):
    strata = np.arange(statistics.n_clusters) % 2
    found = permute(statistics, EQUATION, "level", 200, np.random.default_rng(5), strata)
    free = permute(statistics, EQUATION, "level", 200, np.random.default_rng(5))
    assert found.statistic == free.statistic
    assert not np.allclose(found.statistics, free.statistics)
    # A stratum for each cluster leaves every one where it is.
    alone = permute(
        statistics, EQUATION, "level", 20, np.random.default_rng(5), np.arange(len(strata))
    )
    np.testing.assert_allclose(alone.statistics, alone.statistic)
    assert alone.p_statistic == 1
    with pytest.raises(ValueError, match="as many strata"):
        permute(statistics, EQUATION, "level", 20, np.random.default_rng(5), strata[:3])


def test_strata_of_one_value_stay_as_they_are():
    strata = np.array([0, 0, 0, 0, 1, 1, 1, 2])
    codes = np.array([0, 1, 0, 1, 1, 1, 1, 0])
    rng = np.random.default_rng(2)
    drawn = np.concatenate(list(drawn_assignments(strata, 500, rng, codes=codes)))
    assert (drawn[:, 4:] == [4, 5, 6, 7]).all()
    assert (np.sort(drawn[:, :4], axis=1) == [0, 1, 2, 3]).all()
    assert len(np.unique(drawn[:, :4], axis=0)) == 24
