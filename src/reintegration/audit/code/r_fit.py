"""The fit of an R script: formula and function of each estimator."""

from collections.abc import Callable, Sequence

from reintegration.audit.code.facts import Facts
from reintegration.audit.code.r_limits import by_means, coded_otherwise, fits_panel
from reintegration.audit.code.r_words import name, number, text, variable_of, wrapped
from reintegration.estimation.coding import term_name


def right_side(facts: Facts) -> list[str]:
    """Terms of the formula."""
    terms: list[str] = []
    for term in facts.spec.right_side:
        if facts.dropped_term(term.variables):
            continue
        choices: list[list[str]] = [[]]
        for variable in term.variables:
            own = [variable_of(facts, variable)]
            if variable in facts.unrecorded:
                own.append(name(f"{term_name(variable)}_not_recorded"))
            choices = [[*chosen, one] for chosen in choices for one in own]
        terms += [":".join(chosen) for chosen in choices]
    return terms


def left(facts: Facts) -> str:
    """The outcome in the formula."""
    return variable_of(facts, facts.spec.outcome)


def outcome(facts: Facts) -> str:
    """The outcome outside a formula."""
    made = facts.spec.outcome in facts.made
    return f"with(d, {left(facts)})" if made else f"d${name(facts.spec.outcome)}"


def formula(facts: Facts, extra: Sequence[str] = ()) -> str:
    """Write the formula."""
    terms = [*([] if facts.spec.intercept else ["0"]), *right_side(facts), *extra]
    return f"{left(facts)} ~ {' + '.join(terms) or '1'}"


def fitting(facts: Facts) -> str:
    """Write the fit."""
    spec = facts.spec
    lines = ["# The fit."]
    left_out = [str(t) for t in spec.right_side if facts.dropped_term(t.variables)]
    if left_out:
        lines.append(f"# Without {', '.join(left_out)}: one level only in these rows.")
    if other := coded_otherwise(facts):
        lines.append(f"# R codes {', '.join(other)} by contrasts: coefficients differ from ours.")
    lines += _FITS[spec.estimator](facts)
    return "\n".join(wrapped(line) for line in lines) + "\n"


def weighted(facts: Facts) -> str:
    """Write the weights of a fit."""
    return f", weights = {name(facts.spec.weights)}" if facts.spec.weights else ""


def fit_ols(facts: Facts) -> list[str]:
    """Least squares; few fixed effects are dummies."""
    effects = facts.spec.absorbed
    if not effects:
        return [
            f"formula <- {formula(facts)}",
            f"model <- lm(formula, d{weighted(facts)})",
            "b <- coef(model)",
        ]
    if by_means(facts):
        return fit_means(facts)
    dummies = [f"factor({name(effect)})" for effect in effects]
    lines = [
        f"formula <- {formula(facts, dummies)}",
        f"model <- lm(formula, d{weighted(facts)})",
        "b <- coef(model)",
    ]
    if any(v.type == "CR3" for v in facts.spec.vcovs):
        # As clubSandwich does for plm: the adjustment is that of columns without effects.
        lines += [
            "# CR3 adjusts by the columns less the fixed effects, as clubSandwich for plm.",
            f"X <- model.matrix(~ {' + '.join(right_side(facts))}, d)[, -1, drop = FALSE]",
            "less_effects <- function(x) residuals(lm(x ~ "
            + " + ".join(f"factor(d${name(effect)})" for effect in effects)
            + (f", weights = d${name(facts.spec.weights)}))" if facts.spec.weights else "))"),
            f"inner <- lm(less_effects({outcome(facts)}) ~ 0 + less_effects(X)"
            f"{', weights = d$' + name(facts.spec.weights) if facts.spec.weights else ''})",
        ]
    return lines


def fit_means(facts: Facts) -> list[str]:
    """Fixed effects too many for dummies: means are subtracted."""
    spec = facts.spec
    sizes = facts.sizes
    first, *others = sorted(spec.absorbed, key=lambda effect: -sizes.get(effect, 0))
    terms = " + ".join(right_side(facts))
    group = f"d${name(first)}"
    lines = [f"formula <- {left(facts)} ~ {terms}"]
    if fits_panel(facts):
        lines += [
            f"d$occasion <- ave(seq_len(nrow(d)), {group}, FUN = seq_along)",
            f"model <- plm(formula, d, index = c({text(name(first))}, "
            + (f'{text(name(others[0]))}), effect = "twoways"' if others else '"occasion")')
            + ', model = "within")',
        ]
    lines += [f"# Less the mean of each {first}, as Stata's xtreg, fe does it."]
    if spec.weights:
        w = f"d${name(spec.weights)}"
        mean = f"ave({w} * x, {group}, FUN = sum) / ave({w}, {group}, FUN = sum)"
    else:
        mean = f"ave(x, {group})"
    lines += [f"less_means <- function(x) x - {mean}"]
    X = f"X <- model.matrix(~ {terms}, d)[, -1, drop = FALSE]"
    lines.append(X)
    y = outcome(facts)
    if others:
        dummies = " + ".join(f"factor({name(other)})" for other in others)
        lines += [
            f"dummies <- model.matrix(~ {dummies}, d)[, -1, drop = FALSE]",
            "dummies <- apply(dummies, 2, less_means)",
            "less_effects <- function(x) residuals(lm(apply(cbind(x), 2, less_means) ~ 0 +"
            f" dummies{', weights = ' + w if spec.weights else ''}))",
            f"inner <- lm(less_effects({y}) ~ 0 + less_effects(X)"
            f"{', weights = ' + w if spec.weights else ''})",
        ]
    else:
        lines.append(
            f"inner <- lm(less_means({y}) ~ 0 + apply(X, 2, less_means)"
            f"{', weights = ' + w if spec.weights else ''})"
        )
    if fits_panel(facts):
        lines.append("b <- coef(model)")
    else:
        lines.append("b <- setNames(coef(inner), colnames(X))")
    return lines


def fit_random_effects(facts: Facts) -> list[str]:
    """Random effects (Swamy and Arora)."""
    random = facts.spec.random
    assert random is not None
    return [
        f"formula <- {formula(facts)}",
        f"d$occasion <- ave(seq_len(nrow(d)), d${name(random.groups)}, FUN = seq_along)",
        f"model <- plm(formula, d, index = c({text(name(random.groups))},"
        ' "occasion"), model = "random")',
        "b <- coef(model)",
        *(
            [
                "# Outcome and columns less a share of the groups' means.",
                "inner <- lm(as.numeric(pmodel.response(model)) ~ 0 + model.matrix(model))",
            ]
            if any(v.type not in ("classical", "CR2") for v in facts.spec.vcovs)
            else []
        ),
    ]


def fit_mixed(facts: Facts) -> list[str]:
    """A mixed model, its optimiser tightened."""
    random = facts.spec.random
    assert random is not None
    varying = [
        *(["1"] if random.intercept else ["0"]),
        *(variable_of(facts, s) for s in random.slopes),
    ]
    bar = "|" if random.correlated else "||"
    part = f"({' + '.join(varying)} {bar} {name(random.groups)})"
    terms = [*([] if facts.spec.intercept else ["0"]), *right_side(facts)]
    fixed = " + ".join(terms) or "1"
    return [
        f"formula <- {left(facts)} ~ {fixed}",
        f"model <- lmer({left(facts)} ~ {fixed} + {part}, d,"
        f" REML = {'TRUE' if random.method == 'REML' else 'FALSE'},",
        '              control = lmerControl(optimizer = "bobyqa",'
        " optCtrl = list(rhoend = 1e-12, maxfun = 1e5)))",
        "b <- fixef(model)",
        "# The random part: standard deviations and correlations.",
        'print(VarCorr(model), comp = "Std.Dev.", digits = 8)',
    ]


def fit_logit(facts: Facts) -> list[str]:
    """Logit, to the last digits."""
    return [
        f"formula <- {formula(facts)}",
        f"model <- glm(formula, binomial, d{weighted(facts)}, epsilon = 1e-10, maxit = 100)",
        "b <- coef(model)",
    ]


def fit_fractional_logit(facts: Facts) -> list[str]:
    """Fractional logit."""
    return [
        f"formula <- {formula(facts)}",
        f"model <- glm(formula, quasibinomial, d{weighted(facts)}, epsilon = 1e-10, maxit = 100)",
        "b <- coef(model)",
    ]


def fit_ordered_logit(facts: Facts) -> list[str]:
    """Ordered logit, by Newton's method."""
    return [
        f"formula <- {formula(facts)}",
        f"model <- clm(formula, data = d{weighted(facts)}, control = clm.control(gradTol = 1e-9))",
        "b <- coef(model)                         # thresholds first, then the terms",
        "thresholds <- names(model$alpha)",
    ]


def fit_quantile(facts: Facts) -> list[str]:
    """A quantile, as the exact solution of its linear program."""
    return [
        f"formula <- {formula(facts)}",
        f"model <- rq(formula, tau = {number(facts.spec.quantile)}, data = d)",
        "b <- coef(model)",
        "# Errors are another matter: every program estimates the density in its own way.",
    ]


_FITS: dict[str, Callable[[Facts], list[str]]] = {
    "ols": fit_ols,
    "within": fit_means,
    "random_effects": fit_random_effects,
    "mixed": fit_mixed,
    "logit": fit_logit,
    "fractional_logit": fit_fractional_logit,
    "ordered_logit": fit_ordered_logit,
    "quantile": fit_quantile,
}
