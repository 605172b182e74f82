import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from linearmodels.iv import IV2SLS

from reintegration.estimation.covariance import carriers, covariance
from reintegration.estimation.fit import fit_specification
from reintegration.estimation.grammar import parse_term
from reintegration.estimation.kernel.gram import gram
from reintegration.estimation.kernel.single import Equation, single
from reintegration.estimation.kernel.solutions import STATUSES
from reintegration.estimation.kernel.solve import solve
from reintegration.estimation.results import (
    FAILED,
    NOT_ESTIMABLE,
    NOT_ESTIMABLE_UNDER_VCOV,
    OK,
)
from reintegration.estimation.specs import Specification, Vcov

R_CR2_ERRORS = [0.134983742866483, 0.132736893510635, 0.254986551291385, 0.270037508030945]
R_CR2_DF = [5.09147440508298, 4.51392452097281, 3.97034467621546, 5.31373817439952]
R_CR3_ERRORS = [0.141663808402147, 0.169361704635351, 0.296698952762506, 0.298359876211360]
NAMES = ("y", "z", *(f"x{i}" for i in range(8)))


def sample(n: int = 300, n_clusters: int = 12, seed: int = 1):
    """Columns of different means and scales, correlated, in unequal clusters."""
    rng = np.random.default_rng(seed)
    sizes = rng.dirichlet(np.ones(n_clusters))
    clusters = np.concatenate(
        [np.arange(n_clusters), rng.choice(n_clusters, size=n - n_clusters, p=sizes)]
    )
    effect = rng.normal(size=(n_clusters, 10))[clusters]
    columns = rng.normal(size=(n, 10)) + effect + rng.normal(size=(n, 1))
    columns[:, 0] += columns[:, 2] - columns[:, 3]
    columns = columns * 10.0 ** rng.integers(-1, 2, size=10) + 5 * rng.normal(size=10)
    columns[:, 9] = columns[:, 9] > np.median(columns[:, 9])
    return columns, clusters, rng


def random_equations(rng: np.random.Generator, number: int = 30) -> list[Equation]:
    return [
        Equation(
            str(rng.choice(["y", "z"])),
            tuple(rng.choice(NAMES[2:], size=rng.integers(1, 9), replace=False).tolist()),
        )
        for _ in range(number)
    ]


def design(columns: np.ndarray, equation: Equation) -> tuple[np.ndarray, np.ndarray]:
    x = columns[:, [NAMES.index(name) for name in equation.regressors]]
    return columns[:, NAMES.index(equation.outcome)], np.column_stack([np.ones(len(x)), x])


def statuses(found) -> list[list[str]]:
    return [[STATUSES[code] for code in row] for row in found.codes]


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("algorithm", ["clusters", "rows"])
@pytest.mark.parametrize(("n", "n_clusters"), [(300, 12), (300, 120), (25, 2)])
def test_equals_statsmodels_on_random_designs(n, n_clusters, algorithm, weighted):
    columns, clusters, rng = sample(n, n_clusters)
    weights = rng.uniform(0.2, 3, size=n) if weighted else None
    statistics = gram(columns, NAMES, clusters=clusters, weights=weights, algorithm=algorithm)
    equations = random_equations(rng)
    found = solve(statistics, equations)
    for s, equation in enumerate(equations):
        y, x = design(columns, equation)
        plain = sm.WLS(y, x, weights=1.0 if weights is None else weights).fit()
        theirs = plain.get_robustcov_results("cluster", groups=clusters, use_t=True)
        t = len(equation.regressors)
        # In units of the plain error: an estimate that happens to be near zero has fewer digits.
        for ours, wanted in (
            (found.coefficients, theirs.params),
            (found.std_errors, theirs.bse),
        ):
            scale = np.abs(wanted[1:]) + plain.bse[1:]
            assert np.abs((ours[s, :t] - wanted[1:]) / scale).max() < 1e-10
        np.testing.assert_allclose(found.p_values[s, :t], theirs.pvalues[1:], rtol=1e-7)
        np.testing.assert_allclose(found.r2[s], theirs.rsquared, rtol=1e-10)
        assert np.isnan(found.coefficients[s, t:]).all()
        assert statuses(found)[s] == [OK] * t + [""] * (found.codes.shape[1] - t)


def test_equals_linearmodels():
    columns, clusters, _ = sample()
    equation = Equation("y", NAMES[2:], ("intercept", *NAMES[2:]))
    found = solve(gram(columns, NAMES, clusters=clusters), [equation], covariances=True)
    y, x = design(columns, equation)
    theirs = IV2SLS(y, x, None, None).fit(cov_type="clustered", clusters=clusters, debiased=True)
    scale = np.sqrt(np.outer(np.diag(theirs.cov), np.diag(theirs.cov)))
    np.testing.assert_allclose(found.coefficients[0], theirs.params, rtol=1e-9)
    np.testing.assert_allclose(found.covariances[0] / scale, theirs.cov / scale, atol=1e-9)


@pytest.mark.parametrize("algorithm", ["clusters", "rows"])
@pytest.mark.parametrize("kind", ["CR0", "CR1", "CR1S"])
def test_covariances_of_terms_are_those_by_rows(kind, algorithm):
    columns, clusters, rng = sample()
    equations = [
        Equation(e.outcome, e.regressors, (e.regressors[-1], "intercept"))
        for e in random_equations(rng)
    ]
    statistics = gram(columns, NAMES, clusters=clusters, algorithm=algorithm)
    found = solve(statistics, equations, kind, covariances=True)
    for s, equation in enumerate(equations):
        y, x = design(columns, equation)
        q, r = np.linalg.qr(x)
        b = np.linalg.solve(r, q.T @ y)
        theirs = covariance(q, r, y - x @ b, Vcov(kind, "g"), clusters)
        of = [len(b) - 1, 0]
        np.testing.assert_allclose(found.coefficients[s], b[of], rtol=1e-9)
        np.testing.assert_allclose(found.covariances[s], theirs.matrix[np.ix_(of, of)], rtol=1e-8)
        assert found.df[s].tolist() == [theirs.df] * 2


def test_clusters_of_one_row_are_hc1_and_go_by_rows():
    columns, _, _ = sample()
    statistics = gram(columns, NAMES, clusters=np.arange(300))
    assert statistics.algorithm == "rows"
    equation = Equation("y", NAMES[2:])
    y, x = design(columns, equation)
    theirs = sm.OLS(y, x).fit(cov_type="HC1")
    found = solve(statistics, [equation])
    np.testing.assert_allclose(found.std_errors[0], theirs.bse[1:], rtol=1e-9)


def test_few_clusters_of_many_rows_go_by_clusters():
    columns, clusters, _ = sample(3000, 17)
    assert gram(columns, NAMES, clusters=clusters).algorithm == "clusters"


def test_many_terms_change_what_is_cheaper():
    columns, clusters, _ = sample(3100, 3000)
    found = [gram(columns, NAMES, clusters=clusters, terms=t).algorithm for t in (1, 8)]
    assert found == ["rows", "clusters"]


@pytest.mark.parametrize("n_clusters", [12, 200])
def test_order_of_rows_and_blocks_do_not_matter(n_clusters):
    columns, clusters, rng = sample(20_000, n_clusters)  # three blocks of rows
    shuffled = rng.permutation(20_000)
    equations = random_equations(rng, 3)
    once = solve(gram(columns, NAMES, clusters=np.sort(clusters)), equations)
    order = np.argsort(clusters, kind="stable")
    inverse = np.empty_like(order)
    inverse[order] = np.arange(20_000)
    # The same labels follow the rows, whatever their order.
    again = solve(gram(columns[shuffled], NAMES, clusters=np.sort(clusters)[shuffled]), equations)
    np.testing.assert_allclose(again.coefficients, once.coefficients, rtol=1e-9)
    np.testing.assert_allclose(again.variances, once.variances, rtol=1e-9)


def test_batches_equal_singles():
    columns, clusters, rng = sample()
    statistics = gram(columns, NAMES, clusters=clusters)
    equations = random_equations(rng, 400)
    together = solve(statistics, equations)
    for s in range(0, 400, 7):
        alone = solve(statistics, [equations[s]])
        t = len(equations[s].regressors)
        np.testing.assert_allclose(together.coefficients[s, :t], alone.coefficients[0], rtol=1e-12)
        np.testing.assert_allclose(together.variances[s, :t], alone.variances[0], rtol=1e-11)
        by_qr = single(statistics, equations[s])
        np.testing.assert_allclose(by_qr.coefficients, alone.coefficients[0], rtol=1e-10)


def test_longley_to_the_certified_digits():
    """Coefficients certified by NIST (Statistical Reference Datasets, Longley)."""
    data = sm.datasets.longley.load_pandas().data
    x = list(data.columns[1:])
    found = solve(
        gram(data, clusters=np.arange(16) // 2),
        [Equation("TOTEMP", tuple(x), ("intercept", *x))],
    )
    certified = [
        *(-3482258.63459582, 15.0618722713733, -0.0358191792925910, -2.02022980381683),
        *(-1.03322686717359, -0.0511041056535807, 1829.15146461355),
    ]
    np.testing.assert_allclose(found.coefficients[0], certified, rtol=1e-11)


def test_powers_of_a_year_keep_their_digits():
    # Year and its square: a variance inflation of a million, solved by QR.
    year = np.repeat(np.arange(2000.0, 2020), 5)
    rng = np.random.default_rng(0)
    step = year - 2010
    noise = rng.normal(size=100)
    y = 2 + 3 * step + 0.5 * step**2 + noise
    clusters = np.tile(np.arange(5), 20)
    data = np.column_stack([y, year, year**2, step, step**2])
    statistics = gram(data, ["y", "year", "square", "step", "step2"], clusters=clusters)
    raw = solve(statistics, [Equation("y", ("year", "square"), ("square",))])
    centred = solve(statistics, [Equation("y", ("step", "step2"), ("step2",))])
    np.testing.assert_allclose(raw.coefficients, centred.coefficients, rtol=1e-8)
    np.testing.assert_allclose(raw.std_errors, centred.std_errors, rtol=1e-8)


@pytest.mark.parametrize("algorithm", ["clusters", "rows"])
def test_statistics_of_correlated_columns_keep_sixteen_digits(algorithm):
    rng = np.random.default_rng(0)
    a, b, c, d, e = rng.normal(size=(5, 3000))
    data = np.column_stack([a, a + 2e-3 * b, a + 5e-3 * c, 1e6 + a + d])
    y = data.sum(axis=1) + e
    statistics = gram(
        np.column_stack([y, data]),
        list("yabcd"),
        clusters=np.arange(3000) % 7,
        algorithm=algorithm,
    )
    means = np.mean(np.column_stack([y, data]).astype(np.longdouble), axis=0).astype(float)
    np.testing.assert_allclose(statistics.means, means, rtol=3e-16, atol=1e-16)
    whole = statistics.products(np.zeros(7, dtype=int))[0]
    np.testing.assert_allclose(whole, np.eye(len(whole)), atol=2e-15)
    # An inflation of 250,000 goes by QR, of 40,000 by normal equations corrected once.
    for inflated in (("a", "b", "d"), ("a", "c", "d")):
        equation = Equation("y", inflated)
        ours, by_qr = solve(statistics, [equation]), single(statistics, equation)
        np.testing.assert_allclose(ours.coefficients[0], by_qr.coefficients, rtol=2e-13)


def test_what_hardly_varies_beside_its_size_is_dropped_as_r_does():
    columns, clusters, rng = sample()
    data = np.column_stack([columns, 1.7e9 + 100 * rng.normal(size=300)])
    statistics = gram(data, [*NAMES, "stamp"], clusters=clusters)
    found = solve(statistics, [Equation("y", ("x0", "stamp"))])
    assert statuses(found) == [[OK, NOT_ESTIMABLE]]
    assert found.dropped[0] == {"stamp": ("intercept",)}


def test_aliased_columns_are_dropped_by_name_later_ones_first():
    columns, clusters, _ = sample()
    frame = pd.DataFrame(columns, columns=NAMES)
    frame["sum"] = frame["x0"] + 2 * frame["x1"]
    frame["same"] = 7.3
    equations = [
        Equation("y", ("x0", "same", "x1", "sum", "x2")),
        Equation("y", ("sum", "x1", "x0"), ("x0", "x1", "intercept")),
        Equation("y", ("x0", "x1", "x2")),
    ]
    found = solve(gram(frame, clusters=clusters), equations)
    assert statuses(found)[0] == [OK, NOT_ESTIMABLE, OK, NOT_ESTIMABLE, OK]
    assert found.dropped[0] == {"same": ("intercept",), "sum": ("x0", "x1")}
    assert found.reasons[0, 3] == "sum was dropped: it is a combination of x0, x1"
    assert found.reasons[0, 1] == (
        "same does not vary in the sample, to 1e-7 of its size, and was dropped"
    )
    np.testing.assert_allclose(found.coefficients[0, [0, 2, 4]], found.coefficients[2, :3])
    np.testing.assert_allclose(found.variances[0, [0, 2, 4]], found.variances[2, :3])
    assert found.k.tolist() == [4, 3, 4]
    gone = found.codes == STATUSES.index(NOT_ESTIMABLE)
    assert np.isnan(found.coefficients[gone]).all() and np.isnan(found.variances[gone]).all()
    assert found.dropped[1] == {"x0": ("sum", "x1")}
    assert statuses(found)[1][:3] == [NOT_ESTIMABLE, OK, OK]
    y, x = columns[:, 0], frame[["sum", "x1"]].to_numpy()
    theirs = sm.OLS(y, sm.add_constant(x)).fit(cov_type="cluster", cov_kwds={"groups": clusters})
    np.testing.assert_allclose(found.coefficients[1, [1, 2]], theirs.params[[2, 0]], rtol=1e-9)
    np.testing.assert_allclose(found.std_errors[1, [1, 2]], theirs.bse[[2, 0]], rtol=1e-9)


def test_all_dummies_beside_the_intercept_lose_the_last():
    columns, clusters, _ = sample()
    kind = np.arange(300) % 4
    frame = pd.DataFrame(columns, columns=NAMES).assign(
        **{f"kind{j}": (kind == j).astype(int) for j in range(4)}
    )
    found = solve(
        gram(frame, clusters=clusters), [Equation("y", (*(f"kind{j}" for j in range(4)), "x1"))]
    )
    assert list(found.dropped[0]) == ["kind3"]
    assert statuses(found)[0] == [OK, OK, OK, NOT_ESTIMABLE, OK]


@pytest.mark.parametrize(("share", "kept"), [(1e-5, True), (1e-9, False)])
def test_what_is_nearly_a_combination_is_judged_as_r_does(share, kept):
    rng = np.random.default_rng(0)
    a, b, e = rng.normal(size=(3, 80))
    data = np.column_stack([a + e, a, a + share * b])
    found = solve(
        gram(data, ["y", "a", "b"], clusters=np.arange(80) % 8), [Equation("y", ("a", "b"))]
    )
    assert (statuses(found)[0][1] == OK) is kept
    if kept:
        q, r = np.linalg.qr(np.column_stack([np.ones(80), data[:, 1:]]))
        theirs = np.linalg.solve(r, q.T @ data[:, 0])
        np.testing.assert_allclose(found.coefficients[0], theirs[1:], rtol=1e-9)


@pytest.mark.parametrize("algorithm", ["clusters", "rows"])
@pytest.mark.parametrize("vcov", ["CR1S", "CR2"])
def test_equations_may_have_no_regressors_or_ask_for_nothing(algorithm, vcov):
    columns, clusters, _ = sample()
    statistics = gram(columns, NAMES, clusters=clusters, algorithm=algorithm)
    found = solve(
        statistics,
        [Equation("y", ()), Equation("y", (), ("intercept",)), Equation("y", ("x0",), ())],
        vcov,
        covariances=True,
    )
    assert [[*filter(None, row)] for row in statuses(found)] == [[], [OK], []]
    np.testing.assert_allclose(found.coefficients[1, 0], columns[:, 0].mean())
    assert found.k.tolist() == [1, 1, 2]
    assert len(solve(statistics, []).table()) == 0


def test_a_name_twice_in_an_equation_counts_once():
    columns, clusters, _ = sample()
    found = solve(
        gram(columns, NAMES, clusters=clusters),
        [Equation("y", ("x0", "x1", "x0")), Equation("y", ("x0", "x1"))],
    )
    assert found.k.tolist() == [3, 3]
    np.testing.assert_allclose(found.variances[0, :2], found.variances[1, :2])


def test_numbers_and_statuses_are_those_of_a_fitted_specification():
    columns, clusters, _ = sample()
    frame = pd.DataFrame(columns, columns=NAMES).assign(
        survey_id=np.arange(300), returnee_id=np.arange(300), g=clusters
    )
    frame["own"], frame["twice"] = (clusters == 3) * 1.0, 2 * frame["x1"]
    terms = ("x0", "x1", "own", "twice", "x2")
    spec = Specification(
        *("id", "", "published", "surveys", "y"),
        terms=tuple(parse_term(term) for term in terms),
        vcov=Vcov("CR1S", "g"),
    )
    theirs = pd.DataFrame(fit_specification(frame, spec).estimates).set_index("term")
    statistics = gram(frame, ["y", *terms], clusters=frame["g"], cluster_name="g")
    ours = solve(statistics, [Equation("y", terms, ("intercept", *terms))]).table()
    ours = ours.set_index("term").loc[theirs.index]
    assert ours["status"].tolist() == theirs["status"].tolist()
    for column in ("estimate", "std_error", "statistic", "conf_low", "conf_high"):
        np.testing.assert_allclose(ours[column], theirs[column], rtol=1e-8, atol=1e-12)
    assert ours.loc["own", "warnings"] == theirs.loc["own", "warnings"]
    assert ours.loc["twice", "warnings"] == theirs.loc["twice", "warnings"]


def test_what_cannot_be_fitted_has_a_status_and_a_reason():
    columns, clusters, _ = sample()
    columns[:, 1] = 5.0
    statistics = gram(columns, NAMES, clusters=clusters, cluster_name="country")
    table = solve(
        statistics,
        [
            Equation("z", ("x0",)),
            Equation("nothing", ("x0",)),
            Equation("y", ("x0", "nowhere")),
            Equation("y", ("x0",), ("x1",)),
            Equation("y", ("x0",)),
        ],
    ).table()
    assert table.status.tolist() == [FAILED] * 5 + [OK]
    assert table.warnings.tolist() == [
        "z does not vary in the sample",
        "the data have no column nothing",
        *["the data have no column nowhere"] * 2,
        "terms that are no regressors: x1",
        "",
    ]
    assert table.estimate.notna().tolist() == [False] * 5 + [True]


@pytest.mark.parametrize(
    ("rows", "clusters", "reason"),
    [
        (0, [], "there are no rows"),
        (1, [0], "country makes one cluster only, which has no variance"),
        (9, [0] * 9, "country makes one cluster only, which has no variance"),
        (9, range(9), "9 rows cannot tell 9 coefficients and an error apart"),
        (5, range(5), "5 rows cannot tell 5 coefficients and an error apart"),
    ],
)
def test_samples_too_small_have_a_reason(rows, clusters, reason):
    columns, _, _ = sample()
    statistics = gram(
        columns[:rows], NAMES, clusters=np.array(clusters, dtype=int), cluster_name="country"
    )
    table = solve(statistics, [Equation("y", NAMES[2:])]).table()
    assert len(table) == 8
    assert set(table.status) <= {FAILED, NOT_ESTIMABLE}
    assert reason in set(table.warnings)
    assert table.std_error.isna().all()


def test_an_exact_fit_has_no_error_to_test_against():
    columns, clusters, _ = sample()
    columns[:, 0] = 3 + 2 * columns[:, 2]
    found = solve(gram(columns, NAMES, clusters=clusters), [Equation("y", ("x0", "x1"))])
    np.testing.assert_allclose(found.coefficients[0], [2, 0], atol=1e-10)
    assert found.std_errors[0].tolist() == [0, 0]
    assert np.isnan(found.p_values).all()
    assert "exact" in found.reasons[0, 0]


def test_terms_of_one_cluster_only_get_no_number():
    columns, clusters, _ = sample()
    frame = pd.DataFrame(columns, columns=NAMES)
    frame["own"] = clusters == 3
    frame["level"] = (clusters % 3).astype(float)
    statistics = gram(frame, clusters=clusters, cluster_name="country")
    found = solve(statistics, [Equation("y", ("own", "level", "x0"))], covariances=True)
    assert statuses(found)[0] == [NOT_ESTIMABLE_UNDER_VCOV, OK, OK]
    assert found.reasons[0, 0] == (
        "its variation is carried by 1 country only: CR1S by country has nothing to compare it with"
    )
    assert np.isnan(found.variances[0, 0]) and np.isnan(found.covariances[0, 0]).all()
    assert np.isfinite(found.coefficients).all()  # the coefficient itself is one
    assert np.isnan(found.table().estimate[0])


@pytest.mark.parametrize("vcov", ["CR1S", "CR3"])
@pytest.mark.parametrize("algorithm", ["clusters", "rows"])
def test_contrasts_of_all_clusters_get_no_number(algorithm, vcov):
    # Deviation coding: each column varies in two clusters, yet the model fits every mean.
    columns, clusters, _ = sample(n_clusters=6)
    frame = pd.DataFrame(columns, columns=NAMES)
    coded = [f"c{j}" for j in range(5)]
    for j, name in enumerate(coded):
        frame[name] = (clusters == j).astype(float) - (clusters == 5)
    statistics = gram(frame, clusters=clusters, algorithm=algorithm)
    found = solve(
        statistics, [Equation("y", (*coded, "x0")), Equation("y", (coded[0], "x0"))], vcov
    )
    assert statuses(found)[0] == [NOT_ESTIMABLE_UNDER_VCOV] * 5 + [OK]
    assert "fits the mean of 6 of 6" in found.reasons[0, 0]
    assert statuses(found)[1][:2] == [OK, OK]


def test_carriers_are_counted_as_elsewhere():
    rng = np.random.default_rng(0)
    clusters = np.sort(rng.integers(0, 15, size=400))
    clusters = np.unique(clusters, return_inverse=True)[1]
    level = rng.integers(0, 3, size=15)[clusters]
    columns = np.column_stack(
        [
            rng.normal(size=400),
            rng.integers(0, 3, size=400),
            rng.random(400) < 0.005,
            clusters == 4,
            level,
            np.where(clusters < 3, rng.normal(size=400), 1.0),
            np.where(clusters == 3, rng.normal(size=400), clusters == 5),
            np.ones(400),
            clusters != 6,
            np.where(clusters == 2, 1.0, 0) - (clusters == 7),
        ]
    )
    found = gram(columns, list("abcdefghij"), clusters=clusters)
    expected = [carriers(column, clusters) for column in columns.T]
    assert found.carriers.tolist() == expected
    assert found.between.tolist() == [j in (3, 4, 7, 8, 9) for j in range(10)]


def test_cr2_and_cr3_equal_r():
    """Compare with R 4.2.2, clubSandwich 0.5.8.

    i <- 0:59; a <- sin(i) + i/30; b <- cos(3*i); d <- as.numeric(i %% 3 == 0)
    y <- a - b/2 + sin(i*i) + floor(sqrt(i))/4; g <- floor(sqrt(i))
    m <- lm(y ~ a + b + d)
    r <- coef_test(m, vcov = "CR2", cluster = g); r$SE; r$df_Satt
    coef_test(m, vcov = "CR3", cluster = g)$SE
    """
    i = np.arange(60)
    a, b, d = np.sin(i) + i / 30, np.cos(3 * i), (i % 3 == 0) * 1.0
    g = np.floor(np.sqrt(i))
    data = np.column_stack([a - b / 2 + np.sin(i * i) + g / 4, a, b, d])
    equation = Equation("y", ("a", "b", "d"), ("intercept", "a", "b", "d"))
    statistics = gram(data, list("yabd"), clusters=g)
    cr2, cr3 = solve(statistics, [equation], "CR2"), solve(statistics, [equation], "CR3")
    np.testing.assert_allclose(cr2.std_errors[0], R_CR2_ERRORS, rtol=1e-9)
    np.testing.assert_allclose(cr2.df[0], R_CR2_DF, rtol=1e-9)
    np.testing.assert_allclose(cr3.std_errors[0], R_CR3_ERRORS, rtol=1e-9)


def test_cr2_with_weights_is_refused():
    columns, clusters, _ = sample()
    statistics = gram(columns, NAMES, clusters=clusters, weights=np.full(300, 2.0))
    found = solve(statistics, [Equation("y", ("x0",))], "CR2")
    assert statuses(found) == [[NOT_ESTIMABLE_UNDER_VCOV]]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"weights": [0.0] * 300}, "weights must be positive"),
        ({"weights": [1.0]}, "as many weights"),
        ({"clusters": np.full(300, np.nan)}, "300 rows have no cluster"),
        ({"clusters": np.zeros(3)}, "as many values of cluster"),
        ({"names": ["a"] * 10}, "twice"),
        ({"names": ["a"]}, "a name for each"),
        ({"algorithm": "fast"}, "not 'fast'"),
    ],
)
def test_what_is_wrong_with_the_rows_is_said(change, message):
    columns, clusters, _ = sample()
    arguments = {"names": NAMES, "clusters": clusters} | change
    with pytest.raises(ValueError, match=message):
        gram(columns, **arguments)


def test_missing_numbers_are_refused_by_name():
    columns, clusters, _ = sample()
    columns[4, 2] = np.nan
    with pytest.raises(ValueError, match="missing or infinite numbers in x0"):
        gram(columns, NAMES, clusters=clusters)
    with pytest.raises(ValueError, match="no column nowhere"):
        gram(pd.DataFrame(columns, columns=NAMES), ["nowhere"], clusters=clusters)
    with pytest.raises(ValueError, match="no covariance HC3"):
        solve(gram(columns[5:], NAMES, clusters=clusters[5:]), [], "HC3")
