"""What R is asked for, and what it is not: packages lack it, or it would take too long."""

from reintegration.audit.code.facts import Facts
from reintegration.estimation.coding import coded_in_full
from reintegration.estimation.specs import Vcov

FEW_EFFECTS = 150  # fixed effects that become dummies; of more the means are subtracted
MANY_CLUSTERS = 1_000  # above, clubSandwich takes minutes for CR2 and CR3
HC = ("HC0", "HC1", "HC2", "HC3")
CR = ("CR0", "CR1", "CR1S")
ADJUSTED = ("CR2", "CR3")


def unchecked(facts: Facts, vcov: Vcov) -> str:
    """Say why R is not asked for a covariance; empty where it is."""
    spec = facts.spec
    kind = vcov.type
    if kind == "wild":
        return "R has no package for it here; Stata: boottest"
    if kind == "permutation":
        return "R has no package for it here; Stata: ritest"
    if spec.estimator == "quantile":
        return "every program has errors of its own for quantiles"
    clusters = max((facts.sizes.get(c, 0) for c in vcov.clusters), default=0)
    if kind in ADJUSTED and clusters > MANY_CLUSTERS:
        return f"too expensive: clubSandwich's {kind} with more than {MANY_CLUSTERS:,} clusters"
    if by_means(facts):
        if kind in ("HC2", "HC3") and (len(spec.absorbed) > 1):
            return f"too expensive: {kind} needs {effects_in(facts):,} dummies"
        if kind == "CR2" and not fits_panel(facts):
            return f"too expensive: CR2 needs {effects_in(facts):,} dummies"
    return ""


def coded_otherwise(facts: Facts) -> list[str]:
    """List the interactions that R codes by contrasts, and we by all levels.

    R does so where an earlier term, in its own order, contains the term without the category.
    """
    terms = [t for t in facts.spec.right_side if not facts.dropped_term(t.variables)]
    terms.sort(key=lambda term: len(term.variables))
    return [
        str(term)
        for place, term in enumerate(terms)
        if len(term.variables) > 1
        and any(
            set(term.variables) - {name} <= set(earlier.variables)
            for name in coded_in_full(term, facts.spec, facts.levels)
            for earlier in terms[:place]
        )
    ]


def effects_in(facts: Facts) -> int:
    """Count the values of all fixed effects."""
    return sum(facts.sizes.get(effect, 0) for effect in facts.spec.absorbed)


def by_means(facts: Facts) -> bool:
    """Whether means are subtracted: there are too many fixed effects for dummies."""
    return facts.spec.estimator == "within" or effects_in(facts) > FEW_EFFECTS


def fits_panel(facts: Facts) -> bool:
    """Whether plm can fit the fixed effects: one, or two of which each pair stands once."""
    effects = facts.spec.absorbed
    return not facts.spec.weights and (len(effects) == 1 or facts.pairs_once)


def leaves_out(facts: Facts) -> bool:
    """Whether the script may have to fit without each cluster, for CR3."""
    return any(vcov.type == "CR3" and not unchecked(facts, vcov) for vcov in facts.spec.vcovs)
