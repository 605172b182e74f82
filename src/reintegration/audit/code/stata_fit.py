"""The estimation commands of a do-file: one for each covariance, then what is combined."""

from collections.abc import Sequence

from reintegration.audit.code.facts import Facts, label
from reintegration.audit.code.stata_words import name, number
from reintegration.estimation.specs import Vcov

_ROBUST = ("HC0", "HC1", "HC2", "HC3")


def commands(facts: Facts, terms: Sequence[str], combined: Sequence[tuple[str, str]]) -> list[str]:
    """Write a block for every covariance."""
    blocks = []
    for vcov in facts.spec.vcovs:
        lines = [f"* {label(vcov)}.", *_one(facts, vcov, " ".join(terms))]
        lines += [line for called, total in combined for line in _lincom(called, total)]
        blocks.append("\n".join(_broken(line) for line in lines) + "\n")
    return blocks


def _lincom(called: str, total: str) -> list[str]:
    return [f"* {called}", f"lincom {total}"]


def _one(facts: Facts, vcov: Vcov, terms: str) -> list[str]:
    """Estimate under one covariance."""
    spec = facts.spec
    if spec.absorbed:
        return _effects(facts, vcov, terms)
    return {
        "ols": _ols,
        "random_effects": _random,
        "mixed": _mixed,
        "logit": _logit,
        "fractional_logit": _fractional,
        "ordered_logit": _ordered,
        "quantile": _quantile,
    }[spec.estimator](facts, vcov, terms)


def _constant(facts: Facts) -> str:
    return "" if facts.spec.intercept else "noconstant"


def _options(*options: str) -> str:
    given = " ".join(option for option in options if option)
    return f", {given}" if given else ""


def _aweights(facts: Facts, kind: str = "aw") -> str:
    return f" [{kind}={name(facts.spec.weights)}]" if facts.spec.weights else ""


def _clusters(vcov: Vcov) -> str:
    return " ".join(name(cluster) for cluster in vcov.clusters)


def _small(vcov: Vcov, of: str = "vce(cluster)") -> list[str]:
    """Say by what errors of Stata's `cluster` are multiplied."""
    if vcov.type == "CR1":
        return [f"* Errors of {of} divided by sqrt((n - 1)/(n - k)), k as {of} counts it."]
    if vcov.type == "CR0":
        return [f"* Errors of {of} divided by sqrt(G/(G - 1) * (n - 1)/(n - k)), k as it counts."]
    return []


def _two_ways(vcov: Vcov, command: str, options: str) -> list[str]:
    return [
        "* Two ways need Stata 18, or reghdfe (ssc install reghdfe ftools). reghdfe takes the",
        "* smaller G for all three parts; here each part has its own.",
        f"{command}, {options} vce(cluster {_clusters(vcov)})",
    ]


def _ols(facts: Facts, vcov: Vcov, terms: str) -> list[str]:
    spec = facts.spec
    base = f"regress {name(spec.outcome)} {terms}{_aweights(facts)}"
    none = _constant(facts)
    kind = vcov.type
    if kind == "classical":
        return [base + _options(none)]
    if kind in _ROBUST:
        named = {"HC0": "robust", "HC1": "robust", "HC2": "hc2", "HC3": "hc3"}[kind]
        note = ["* Errors of vce(robust) times sqrt((n - k)/n); n is e(N), k is e(rank)."]
        return [*(note if kind == "HC0" else []), base + _options(none, f"vce({named})")]
    if kind == "CR2":
        return [
            "* Needs Stata 18: degrees of freedom of Bell and McCaffrey with dfadjust.",
            base + _options(none, f"vce(hc2 {_clusters(vcov)}, dfadjust)"),
        ]
    if kind == "CR3":
        return [
            "* The jackknife by cluster; errors times sqrt(G/(G - 1)). Stata 19: vce(hc3 ...).",
            base + _options(none, f"vce(jackknife, cluster({_clusters(vcov)}) mse)"),
        ]
    if kind in ("wild", "permutation"):
        return _resampled(facts, vcov, base + _options(none), terms)
    if vcov.second:
        return _two_ways(vcov, base, none)
    return [*_small(vcov), base + _options(none, f"vce(cluster {_clusters(vcov)})")]


def _resampled(facts: Facts, vcov: Vcov, base: str, terms: str) -> list[str]:
    clusters = _clusters(vcov)
    first = next((part for part in terms.split() if "#" not in part and "." not in part), "TERM")
    if vcov.type == "wild":
        separator = " " if "," in base else ", "
        return [
            "* ssc install boottest; one test per term, here the first; null imposed.",
            f"{base}{separator}vce(cluster {clusters})",
            f"boottest {first}, weighttype({vcov.weights}) reps({vcov.draws}) nograph",
        ]
    strata = f" strata({name(vcov.within)})" if vcov.within else ""
    return [
        "* ssc install ritest; one test per term, here the first: whole clusters change places.",
        f"ritest {first} _b[{first}], cluster({clusters}){strata} reps({vcov.draws}): {base}",
    ]


def _effects(facts: Facts, vcov: Vcov, terms: str) -> list[str]:
    """Fixed effects: xtreg for one of them, reghdfe for others."""
    spec = facts.spec
    effects = " ".join(name(effect) for effect in spec.absorbed)
    outcome, kind = name(spec.outcome), vcov.type
    reghdfe = f"reghdfe {outcome} {terms}{_aweights(facts)}, absorb({effects}) keepsingletons"
    needs = "* ssc install reghdfe ftools"
    if kind == "classical":
        return [needs, reghdfe]
    if kind in ("HC0", "HC1"):
        note = "* Errors of vce(robust) times sqrt((n - k)/n), k with all fixed effects."
        return [needs, *([note] if kind == "HC0" else []), f"{reghdfe} vce(robust)"]
    if kind in ("HC2", "HC3"):
        dummies = " ".join(f"i.{name(effect)}" for effect in spec.absorbed)
        return [
            "* With a dummy for each fixed effect: slow where they are many.",
            f"regress {outcome} {terms} {dummies}{_aweights(facts)}, vce({kind.lower()})",
        ]
    if kind == "CR2":
        return [
            "* Needs Stata 18.",
            f"areg {outcome} {terms}{_aweights(facts)}, absorb({effects.split()[0]})"
            f" vce(hc2 {_clusters(vcov)}, dfadjust)"
            if len(spec.absorbed) == 1
            else f"* areg takes one fixed effect: {effects} need dummies in regress, vce(hc2 ...).",
        ]
    if kind == "CR3":
        return [
            "* Stata has no CR3 of columns less fixed effects; the jackknife of reghdfe, times",
            "* sqrt(G/(G - 1)), leaves each cluster out with its effects.",
            f"jackknife, cluster({_clusters(vcov)}) mse: {reghdfe}",
        ]
    if kind in ("wild", "permutation"):
        return _resampled(facts, vcov, reghdfe, terms)
    one = len(spec.absorbed) == 1 and not spec.weights and not vcov.second
    if one and facts.inside.get(vcov.label):
        counted = {
            "nested": "",
            "all": "* xtreg counts one constant; multiply by sqrt((n - k - 1)/(n - k - A)).",
            "none": "* xtreg counts one constant; multiply by sqrt((n - k - 1)/(n - k)).",
        }[vcov.count_effects]
        return [
            *([counted] if counted and kind == "CR1S" else []),
            *_small(vcov),
            f"xtset {effects}",
            f"xtreg {outcome} {terms}, fe vce(cluster {_clusters(vcov)})",
        ]
    smaller = ["* reghdfe takes the smaller G for all three parts; here each has its own."]
    return [
        needs,
        *(smaller if vcov.second else []),
        *_small(vcov, "reghdfe"),
        f"{reghdfe} vce(cluster {_clusters(vcov)})",
    ]


def _random(facts: Facts, vcov: Vcov, terms: str) -> list[str]:
    spec = facts.spec
    assert spec.random is not None
    base = [
        f"xtset {name(spec.random.groups)}",
        f"xtreg {name(spec.outcome)} {terms}, re sa",
    ]
    if vcov.type == "classical":
        return base
    if vcov.second or vcov.type not in ("CR0", "CR1", "CR1S"):
        return [f"* Stata's xtreg, re has no {label(vcov)}; the estimates:", *base]
    note = {
        "CR0": "* xtreg, re has G/(G - 1): errors times sqrt((G - 1)/G).",
        "CR1S": "* xtreg, re has G/(G - 1): errors times sqrt((n - 1)/(n - k)).",
    }
    lines = [note[vcov.type]] if vcov.type in note else []
    return [*lines, base[0], f"{base[1]} vce(cluster {_clusters(vcov)})"]


def _mixed(facts: Facts, vcov: Vcov, terms: str) -> list[str]:
    random = facts.spec.random
    assert random is not None
    slopes = " ".join(name(slope) for slope in random.slopes)
    several = len(random.slopes) + random.intercept > 1
    covariance = "unstructured" if random.correlated else "independent"
    part = _options(
        "" if random.intercept else "noconstant", f"covariance({covariance})" if several else ""
    )
    method = "reml" if random.method == "REML" else "mle"
    fixed = f"mixed {name(facts.spec.outcome)} {terms}"
    fixed += _options(_constant(facts))
    base = f"{fixed} || {name(random.groups)}: {slopes}".rstrip() + part
    separator = " " if part else ", "
    if vcov.type == "classical":
        return [f"{base}{separator}{method}"]
    if vcov.type == "CR1" and not vcov.second:
        return [
            "* Robust errors need maximum likelihood: method is mle here.",
            f"{base}{separator}mle vce(cluster {_clusters(vcov)})",
        ]
    return [f"* mixed has no {label(vcov)}; with model errors:", f"{base}{separator}{method}"]


def _likelihood_errors(vcov: Vcov) -> tuple[list[str], str]:
    """Notes and option of errors after maximum likelihood."""
    kind = vcov.type
    if kind == "classical":
        return [], ""
    if kind in ("HC0", "HC1"):
        factor = "(n - 1)/n" if kind == "HC0" else "(n - 1)/(n - k)"
        return [f"* Errors of vce(robust) times sqrt({factor})."], "vce(robust)"
    if kind in ("CR0", "CR1", "CR1S") and not vcov.second:
        factor = {"CR0": "(G - 1)/G", "CR1": "", "CR1S": "(n - 1)/(n - k)"}[kind]
        note = [f"* Errors of vce(cluster) times sqrt({factor})."] if factor else []
        return note, f"vce(cluster {_clusters(vcov)})"
    return [f"* Stata has no {label(vcov)} here; with model errors:"], ""


def _logit(facts: Facts, vcov: Vcov, terms: str) -> list[str]:
    spec = facts.spec
    notes, errors = _likelihood_errors(vcov)
    outcome = name(spec.outcome)
    if not spec.weights:
        return [*notes, f"logit {outcome} {terms}{_options(_constant(facts), errors)}"]
    trials = name(spec.weights)
    options = _options(f"family(binomial {trials})", "link(logit)", _constant(facts), errors)
    return [
        *notes,
        "* Successes of the trials that the weights count.",
        "capture drop successes_",
        f"generate double successes_ = round({outcome} * {trials})",
        f"glm successes_ {terms}{options}",
    ]


def _fractional(facts: Facts, vcov: Vcov, terms: str) -> list[str]:
    outcome, none = name(facts.spec.outcome), _constant(facts)
    weights = _aweights(facts, "pw")
    if vcov.type == "classical":
        return [
            f"glm {outcome} {terms}{_aweights(facts, 'iw')}"
            + _options("family(binomial)", "link(logit)", "scale(x2)", none)
        ]
    notes, errors = _likelihood_errors(vcov)
    return [*notes, f"fracreg logit {outcome} {terms}{weights}{_options(none, errors)}"]


def _ordered(facts: Facts, vcov: Vcov, terms: str) -> list[str]:
    notes, errors = _likelihood_errors(vcov)
    weights = _aweights(facts, "iw" if vcov.type == "classical" else "pw")
    return [*notes, f"ologit {name(facts.spec.outcome)} {terms}{weights}{_options(errors)}"]


def _quantile(facts: Facts, vcov: Vcov, terms: str) -> list[str]:
    quantile = number(facts.spec.quantile)
    robust = "" if vcov.type == "classical" else " vce(robust)"
    return [
        "* Errors differ: every program estimates the density in its own way.",
        f"qreg {name(facts.spec.outcome)} {terms}, quantile({quantile}){robust}",
    ]


def _broken(line: str) -> str:
    """Break a long command at its spaces."""
    if len(line) <= 92 or line.startswith("*"):
        return line
    lines, current = [], ""
    for piece in line.split(" "):
        if current.strip() and len(current) + len(piece) > 86:
            lines.append(f"{current} ///")
            current = "   "
        current = f"{current} {piece}" if current else piece
    return "\n".join([*lines, current])
