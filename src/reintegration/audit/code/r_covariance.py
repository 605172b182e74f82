"""The covariances of an R script."""

from collections.abc import Sequence

from reintegration.audit.code.facts import Facts, label
from reintegration.audit.code.r_fit import right_side
from reintegration.audit.code.r_limits import (
    ADJUSTED,
    FEW_EFFECTS,
    HC,
    by_means,
    fits_panel,
    leaves_out,
    unchecked,
)
from reintegration.audit.code.r_parts import LEFT_OUT
from reintegration.audit.code.r_words import name, text, wrapped
from reintegration.estimation.specs import Vcov


def covariances(facts: Facts) -> str:
    """Write every covariance of the specification."""
    lines = ["# Covariances of the coefficients."]
    lines.append("V <- list()")
    if any(unchecked(facts, vcov) for vcov in facts.spec.vcovs):
        lines += [
            "unknown <- NA * diag(length(b))",
            "dimnames(unknown) <- list(names(b), names(b))",
        ]
    if leaves_out(facts):
        lines += LEFT_OUT.splitlines()
    inner_named = False
    for vcov in facts.spec.vcovs:
        reason = unchecked(facts, vcov)
        if reason:
            lines += [f"# {reason}", f"V[[{text(label(vcov))}]] <- unknown"]
            continue
        before, code, inner = covariance(facts, vcov)
        if inner and not inner_named:
            lines += [
                "named <- function(V) {  # by the columns that have a coefficient",
                "  dimnames(V) <- rep(list(names(b)[!is.na(b)]), 2)",
                "  V",
                "}",
            ]
            inner_named = True
        lines += before
        lines.append(f"V[[{text(label(vcov))}]] <- {code}")
    return "\n".join(wrapped(line) for line in lines) + "\n"


def cluster(facts: Facts, vcov: Vcov) -> str:
    """Name the clusters."""
    first = f"d${name(vcov.clusters[0])}"
    if len(vcov.clusters) == 1:
        return first
    return f"d[c({', '.join(text(name(c)) for c in vcov.clusters)})]"


def covariance(facts: Facts, vcov: Vcov) -> tuple[list[str], str, bool]:
    """The lines before, the covariance, and whether it is that of `inner`."""
    spec = facts.spec
    if spec.absorbed:
        if by_means(facts):
            return of_means(facts, vcov)
        return of_dummies(facts, vcov)
    kind = vcov.type
    if spec.estimator == "random_effects":
        if kind == "classical":
            return [], "vcov(model)", False
        if kind in ADJUSTED:
            return [], adjusted(facts, vcov, "model"), False
        return [], f"named({sandwich(facts, vcov, 'inner')})", True
    if spec.estimator == "mixed":
        return of_mixed(facts, vcov)
    if kind == "classical":
        return [], "vcov(model)", False
    if spec.estimator == "ordered_logit":
        return of_ordered(facts, vcov)
    if kind in ADJUSTED:
        return [], adjusted(facts, vcov, "model"), False
    return [], sandwich(facts, vcov, "model"), False


def sandwich(facts: Facts, vcov: Vcov, model: str) -> str:
    """A covariance of the package sandwich; CR1S has (n - 1)/(n - k) G/(G - 1)."""
    if vcov.type in HC:
        return f"vcovHC({model}, type = {text(vcov.type)})"
    kind = {"CR0": '"HC0", cadjust = FALSE', "CR1": '"HC0"', "CR1S": '"HC1"'}[vcov.type]
    return f"vcovCL({model}, cluster = {cluster(facts, vcov)}, type = {kind})"


def adjusted(facts: Facts, vcov: Vcov, model: str) -> str:
    """CR2 or CR3 of the package clubSandwich; CR3 also where that has none."""
    if vcov.type == "CR3":
        if facts.spec.estimator in ("mixed", "random_effects"):
            return f"cr3(inner, {cluster(facts, vcov)}, names(b), {model})"
        return f"cr3({model}, {cluster(facts, vcov)})"
    return f"vcovCR({model}, cluster = {cluster(facts, vcov)}, type = {text(vcov.type)})"


def of_dummies(facts: Facts, vcov: Vcov) -> tuple[list[str], str, bool]:
    """The covariance of a model with a dummy for each fixed effect."""
    if vcov.type == "classical":
        return [], "vcov(model)", False
    if vcov.type == "CR3":
        before = [
            "slopes <- colnames(X)[!is.na(coef(inner))]",
            "wide <- diag(length(b))",
            "dimnames(wide) <- list(names(b), names(b))",
            f"narrow <- cr3(inner, {cluster(facts, vcov)}, slopes)",
            "wide[slopes, slopes] <- narrow",
            'attr(wide, "all") <- attr(narrow, "all")',
            'attr(wide, "alone") <- attr(narrow, "alone")',
        ]
        return before, "wide", False
    if vcov.type == "CR2":
        return [], adjusted(facts, vcov, "model"), False
    if vcov.type == "CR1S" and vcov.count_effects != "all":
        plain = sandwich(facts, Vcov("CR1", vcov.cluster, vcov.second), "model")
        return counted(facts, vcov), f"{plain} * (n - 1) / (n - K)", False
    return [], sandwich(facts, vcov, "model"), False


def slopes(facts: Facts) -> str:
    """Count the coefficients beside the fixed effects."""
    if by_means(facts):
        return "sum(!is.na(coef(inner)))"
    k = " + ".join(right_side(facts))
    effects = len(facts.spec.absorbed)
    dummies = " + ".join(f"factor({name(e)})" for e in facts.spec.absorbed)
    assert k and effects
    return f"model$rank - qr(model.matrix(~ {dummies}, d))$rank"


def counted(facts: Facts, vcov: Vcov) -> list[str]:
    """Count coefficients as `count_effects` says."""
    effects = facts.spec.absorbed
    outside = [e for e in effects if e not in facts.inside.get(vcov.label, ())]
    if vcov.count_effects == "none":
        more, why = "0", "fixed effects are not counted"
    elif vcov.count_effects == "all" or not outside:
        crossing = effects if vcov.count_effects == "all" else ()
        more = rank(facts, crossing) if crossing else "1"
        why = (
            "every fixed effect is counted"
            if crossing
            else "fixed effects are nested in the clusters: one constant is counted"
        )
    else:
        more, why = rank(facts, outside), "fixed effects not nested in the clusters are counted"
    return ["n <- nrow(d)", f"# {why[0].upper()}{why[1:]}.", f"K <- {slopes(facts)} + {more}"]


def rank(facts: Facts, effects: Sequence[str]) -> str:
    """Count independent fixed effects."""
    if len(effects) == 1:
        return f"length(unique(d${name(effects[0])}))"
    first = max(effects, key=lambda effect: facts.sizes.get(effect, 0))
    if facts.sizes.get(first, 0) <= FEW_EFFECTS:
        dummies = " + ".join(f"factor({name(e)})" for e in effects)
        return f"qr(model.matrix(~ {dummies}, d))$rank"
    return f"length(unique(d${name(first)})) + qr(dummies)$rank"


def of_means(facts: Facts, vcov: Vcov) -> tuple[list[str], str, bool]:
    """The covariance of a model less means."""
    kind, effects = vcov.type, facts.spec.absorbed
    k, all_of_them = "sum(!is.na(coef(inner)))", rank(facts, effects)
    free = ["n <- nrow(d)", f"k <- {k}", f"A <- {all_of_them}"]
    if kind == "classical":
        if fits_panel(facts):
            return [], "vcov(model)", False
        return free, "named(vcov(inner)) * (n - k) / (n - k - A)", True
    if kind == "HC0":
        return [], 'named(vcovHC(inner, type = "HC0"))', True
    if kind == "HC1":
        return free, 'named(vcovHC(inner, type = "HC0")) * n / (n - k - A)', True
    if kind in ("HC2", "HC3"):
        weights = f"d${name(facts.spec.weights)}" if facts.spec.weights else "rep(1, nrow(d))"
        group = f"d${name(effects[0])}"
        power = "" if kind == "HC2" else "^2"
        before = [
            f"w <- {weights}",
            f"h <- hatvalues(inner) + w / ave(w, {group}, FUN = sum)",
            "omega <- as.vector(residuals(inner)^2 * w"
            + ("^2" if facts.spec.weights else "")
            + f" / (1 - h){power})",
        ]
        return before, "named(vcovHC(inner, omega = omega))", True
    if kind == "CR2":
        return [], adjusted(facts, vcov, "model"), False
    if kind == "CR3":
        return [], f"cr3(inner, {cluster(facts, vcov)}, names(b)[!is.na(b)])", False
    if kind == "CR1S":
        plain = sandwich(facts, Vcov("CR1", vcov.cluster, vcov.second), "inner")
        return counted(facts, vcov), f"named({plain}) * (n - 1) / (n - K)", True
    return [], f"named({sandwich(facts, vcov, 'inner')})", True


def of_mixed(facts: Facts, vcov: Vcov) -> tuple[list[str], str, bool]:
    """The covariance of a mixed model."""
    if vcov.type == "classical":
        return [], "as.matrix(vcov(model))", False
    if vcov.type == "CR3":
        before = [
            "# Outcome and columns over the root of their variance: rows that are independent.",
            'random <- crossprod(getME(model, "Lambdat") %*% getME(model, "Zt"))',
            "root <- t(chol(random + Diagonal(nrow(d))))",
            'inner <- lm(as.numeric(solve(root, getME(model, "y"))) ~ 0 +',
            '            as.matrix(solve(root, getME(model, "X"))))',
        ]
        return before, adjusted(facts, vcov, "model"), False
    if not vcov.second:
        return [], adjusted(facts, vcov, "model"), False
    first, second = (f"d${name(c)}" for c in vcov.clusters)
    parts = [
        f"vcovCR(model, cluster = {c}, type = {text(vcov.type)})"
        for c in (first, second, f"interaction({first}, {second}, drop = TRUE)")
    ]
    return [], f"{parts[0]} + {parts[1]} - {parts[2]}", False


def of_ordered(facts: Facts, vcov: Vcov) -> tuple[list[str], str, bool]:
    """The covariance of an ordered logit."""
    if vcov.type in ("HC0", "HC1"):
        scores = ["scores <- estfun(model)"]
        factor = "" if vcov.type == "HC0" else " * nrow(d) / (nrow(d) - length(kept_b))"
        before = [*scores, "kept_b <- b[!is.na(b)]"] if factor else scores
        return before, f"vcov(model) %*% crossprod(scores) %*% vcov(model){factor}", False
    if not facts.spec.weights:
        return [], sandwich(facts, vcov, "model"), False
    ways = [f"d${name(c)}" for c in vcov.clusters]
    before = [
        "# sandwich divides by the sum of weights once; the scores are summed by hand.",
        "scores <- estfun(model)",
        "meat <- function(g, type) {",
        "  G <- length(unique(g)); n <- nrow(d); k <- sum(!is.na(b))",
        "  factor <- c(CR0 = 1, CR1 = G / (G - 1), CR1S = G / (G - 1) * (n - 1) / (n - k))",
        "  crossprod(rowsum(scores, as.character(g))) * factor[[type]]",
        "}",
    ]
    kind = text(vcov.type)
    meat = f"meat({ways[0]}, {kind})"
    if len(ways) == 2:
        meat += f" + meat({ways[1]}, {kind}) - meat(paste({ways[0]}, {ways[1]}), {kind})"
    return before, f"vcov(model) %*% ({meat}) %*% vcov(model)", False
