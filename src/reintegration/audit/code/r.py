"""The R code of a specification: formulas over raw columns, packages of the field, one table.

What a script does is independent of the design matrix here: R reads the rows, codes factors,
drops aliased columns and fits by itself.
"""

import re
import textwrap
from collections.abc import Sequence

from reintegration.audit.code.facts import DAY, NUMBER, TEXT, TRUTH, Facts, label
from reintegration.estimation.coding import term_name
from reintegration.estimation.grammar import (
    Both,
    Comparison,
    Filter,
    Not,
    parse_filter,
)
from reintegration.estimation.specs import DEVIATION, Vcov

FEW_EFFECTS = 150  # fixed effects that become dummies; of more the means are subtracted
MANY_CLUSTERS = 1_000  # above, clubSandwich takes minutes for CR2 and CR3
HC = ("HC0", "HC1", "HC2", "HC3")
CR = ("CR0", "CR1", "CR1S")
ADJUSTED = ("CR2", "CR3")

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9._]*")
_RESERVED = {
    *("if", "else", "repeat", "while", "function", "for", "next", "break", "in"),
    *("TRUE", "FALSE", "NULL", "Inf", "NaN", "NA", "T", "F", "d", "c"),
}

COMBINATIONS = """\
# Every level of every term as a combination of coefficients. The level that deviation coding
# leaves out is minus the sum of the others.
combinations <- function(formula, d) {
  frame <- model.frame(formula, d)
  terms <- attr(frame, "terms")
  X <- model.matrix(terms, frame)
  coded <- attr(terms, "factors")          # 1: by contrasts, 2: a column for each level
  if (!attr(terms, "intercept"))           # then the first factor has all its levels
    coded[which(coded > 0 & vapply(frame, is.factor, NA)[row(coded)])[1]] <- 2
  L <- matrix(0, 0, ncol(X))
  if (attr(terms, "intercept")) L <- rbind("(Intercept)" = as.numeric(attr(X, "assign") == 0))
  for (k in seq_len(ncol(coded))) {
    block <- matrix(1)
    called <- NULL
    for (i in which(coded[, k] > 0)) {
      name <- names(frame)[i]
      own <- matrix(1, dimnames = list(name, NULL))
      if (is.factor(frame[[i]])) {
        m <- nlevels(frame[[i]])
        own <- if (coded[i, k] == 1) contrasts(frame[[i]]) else diag(m)
        rownames(own) <- paste0(name, ".", levels(frame[[i]]))
      }
      block <- kronecker(own, block)       # the first factor varies fastest
      called <- if (is.null(called)) rownames(own)
                else c(outer(called, rownames(own), paste, sep = ":"))
    }
    rows <- matrix(0, nrow(block), ncol(X), dimnames = list(called, NULL))
    rows[, attr(X, "assign") == k] <- block
    L <- rbind(L, rows)
  }
  colnames(L) <- colnames(X)
  L[rowSums(L != 0) > 0, , drop = FALSE]   # without the reference levels
}
"""

TABLE = """\
# Estimates and standard errors. A number that needs an aliased column is not there.
kept <- names(b)[!is.na(b)]
told <- rowSums(L[, !colnames(L) %in% kept, drop = FALSE] != 0) == 0
L <- L[told, kept, drop = FALSE]
results <- do.call(rbind, lapply(names(V), function(name) {
  variance <- as.matrix(V[[name]])[kept, kept, drop = FALSE]
  data.frame(covariance = name, term = rownames(L), estimate = drop(L %*% b[kept]),
             std_error = sqrt(diag(L %*% variance %*% t(L))), row.names = NULL)
}))
print(results, digits = 8, row.names = FALSE)
"""


def r_code(facts: Facts) -> str:
    """Write the R script of a specification."""
    return _Script(facts).text()


def r_term(facts: Facts, parts: Sequence[tuple[str, str]]) -> str:
    """Name a reported number as the script does, its variables in R's order."""
    if not parts:
        return "(Intercept)"
    order = {name: place for place, name in enumerate(_variables_in_order(facts))}
    in_order = sorted(parts, key=lambda part: order.get(part[0], len(order)))
    return ":".join(
        _shown(facts, name) + (f".{level}" if level else "") for name, level in in_order
    )


def packages(facts: Facts) -> list[str]:
    """The packages a script loads."""
    return _Script(facts).packages()


def text(value: str) -> str:
    """Write a text for R."""
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + escaped.replace("\n", "\\n").replace("\r", "\\r").replace("\t", "\\t") + '"'


def name(column: str) -> str:
    """Write a column's name for R."""
    if _NAME.fullmatch(column) and column not in _RESERVED:
        return column
    escaped = column.replace("\\", "\\\\").replace("`", "\\`")
    return f"`{escaped}`"


def number(value: float) -> str:
    """Write a number for R."""
    return f"{value:.15g}" if float(f"{value:.15g}") == value else repr(float(value))


def unchecked(facts: Facts, vcov: Vcov) -> str:
    """Say why R is not asked for a covariance; empty where it is."""
    spec = facts.spec
    kind = vcov.type
    if kind == "wild":
        return "R has no package for it here; Stata: boottest"
    if kind == "permutation":
        return "R has no package for it here; Stata: ritest"
    if spec.estimator == "quantile":
        return "every program has errors of its own for quantiles: estimates alone are compared"
    clusters = max((facts.sizes.get(c, 0) for c in vcov.clusters), default=0)
    if kind in ADJUSTED and clusters > MANY_CLUSTERS:
        return f"too expensive: clubSandwich's {kind} with more than {MANY_CLUSTERS:,} clusters"
    if _means(facts):
        if kind in ("HC2", "HC3") and (len(spec.absorbed) > 1):
            return f"too expensive: {kind} needs {_levels_of_effects(facts):,} dummies"
        if kind == "CR2" and not _panel(facts):
            return f"too expensive: CR2 needs {_levels_of_effects(facts):,} dummies"
    return ""


def _levels_of_effects(facts: Facts) -> int:
    return sum(facts.sizes.get(effect, 0) for effect in facts.spec.absorbed)


def _means(facts: Facts) -> bool:
    """Whether means are subtracted: there are too many fixed effects for dummies."""
    return _levels_of_effects(facts) > FEW_EFFECTS


def _panel(facts: Facts) -> bool:
    """Whether plm can fit the fixed effects: one, or two of which each pair stands once."""
    effects = facts.spec.absorbed
    return not facts.spec.weights and (len(effects) == 1 or facts.pairs_once)


def _variables_in_order(facts: Facts) -> list[str]:
    """Variables of the right side in the order in which the formula names them."""
    order: list[str] = []
    for variable in facts.spec.variables:
        order.append(variable)
        if variable in facts.unrecorded:
            order.append(f"{term_name(variable)}_not_recorded")
    return order


def _shown(facts: Facts, variable: str) -> str:
    """Name a variable as `names(model.frame(...))` does."""
    written = _variable(facts, variable)
    if variable in facts.made:
        return written
    return variable


def _variable(facts: Facts, variable: str) -> str:
    """Write a variable of the formula."""
    made = facts.made.get(variable)
    if made is None:
        return name(variable)
    if made.function in ("2", "3"):
        return f"I({name(made.column)}^{made.function})"
    return f"{made.function}({name(made.column)})"


class _Script:
    """Writes one script, part by part."""

    def __init__(self, facts: Facts):
        self.facts, self.spec = facts, facts.spec
        self.vcovs = [vcov for vcov in facts.spec.vcovs if not unchecked(facts, vcov)]
        self.lines: list[str] = []

    # ------------------------------------------------------------ the whole

    def text(self) -> str:
        """All parts, in the order in which they run."""
        parts = [
            self.head(),
            self.libraries(),
            self.reading(),
            self.rows(),
            self.coding(),
            COMBINATIONS if self.factors() else "",
            self.fitting(),
            self.covariances(),
            self.reporting(),
        ]
        return "\n".join(part.rstrip() + "\n" for part in parts if part.strip())

    def head(self) -> str:
        spec = self.spec
        lines = [spec.spec_id, *([spec.title] if spec.title else []), ""]
        lines += textwrap.wrap(spec.formula, 86, break_long_words=False, break_on_hyphens=False)
        lines += [f"{spec.estimator}; {spec.sample}", ""]
        lines += textwrap.wrap(
            "The same regression in R, from the columns of the data as they are. Run it in the"
            " folder in which it stands: Rscript " + file_name(spec.spec_id, "R"),
            86,
            break_long_words=False,
        )
        return "".join(f"# {line}".rstrip() + "\n" for line in lines)

    def packages(self) -> list[str]:
        spec, wanted = self.spec, []
        kinds = {vcov.type for vcov in self.vcovs}
        if kinds & {*HC, *CR} and spec.estimator != "mixed":
            wanted.append("sandwich")
        elif kinds & set(CR) or (_means(self.facts) and kinds):
            wanted.append("clubSandwich" if spec.estimator == "mixed" else "sandwich")
        if kinds & set(ADJUSTED) and "clubSandwich" not in wanted:
            wanted.append("clubSandwich")
        if spec.estimator == "random_effects" or (_means(self.facts) and _panel(self.facts)):
            wanted.append("plm")
        own = {"mixed": "lme4", "ordered_logit": "ordinal", "quantile": "quantreg"}
        return [*wanted, own[spec.estimator]] if spec.estimator in own else wanted

    def libraries(self) -> str:
        return "".join(f"library({package})\n" for package in self.packages())

    # ------------------------------------------------------------ rows

    def reading(self) -> str:
        facts, file = self.facts, self.facts.file
        classes = {NUMBER: "numeric", TRUTH: "character", TEXT: "character", DAY: "character"}
        kinds: dict[str, list[str]] = {}
        for column in facts.columns:
            kinds.setdefault(classes[facts.kind(column)], []).append(column)
        lines = []
        for kind in ("numeric", "character"):
            if kind in kinds:
                listed = ", ".join(text(column) for column in kinds[kind])
                lines.append(_wrapped(f"{kind}s <- c({listed})"))
        missing = ", ".join(text(code) for code in ("", *file.missing))
        options = [f"na.strings = {'c(' + missing + ')' if file.missing else missing}"]
        if file.delimiter != ",":
            options.insert(0, f"sep = {text(file.delimiter)}")
        lines += [
            "# An empty cell is missing, and nothing else is.",
            f"d <- read.csv({text(file.path)},",
            f'              {", ".join(options)}, colClasses = "character",',
            '              check.names = FALSE, encoding = "UTF-8")',
            f"d <- d[c({', '.join(f'{k}s' for k in ('numeric', 'character') if k in kinds)})]",
        ]
        if "numeric" in kinds:
            lines.append("d[numerics] <- lapply(d[numerics], as.numeric)")
        for column in facts.columns:
            if facts.kind(column) == TRUTH:
                lines.append(f'd${name(column)} <- as.numeric(tolower(d${name(column)}) == "true")')
            elif facts.kind(column) == DAY:
                lines.append(f"d${name(column)} <- as.Date(d${name(column)})")
        for column in facts.infinite:
            lines.append(f"d${name(column)}[is.infinite(d${name(column)})] <- NA")
        return "\n".join(lines) + "\n"

    def rows(self) -> str:
        """The filter, and the rows without a missing value."""
        facts, spec = self.facts, self.spec
        lines = ["# Rows."]
        if spec.filter:
            lines.append(_wrapped(f"d <- subset(d, {condition(facts, parse_filter(spec.filter))})"))
        if spec.threshold is not None:
            outcome = f"d${name(spec.outcome)}"
            lines.append(f"{outcome} <- as.numeric({outcome} >= {number(spec.threshold)})")
        plain = [one for one in facts.needed if one not in facts.made]
        listed = ", ".join(text(one) for one in plain)
        if plain:
            lines.append(_wrapped(f"d <- d[complete.cases(d[c({listed})]), ]"))
        for one in facts.needed:
            if one in facts.made:
                written = _variable(facts, one)
                inner = written[2:-1] if written.startswith("I(") else written
                finite = f"is.finite(with(d, {inner}))"
                lines.append(f"d <- d[suppressWarnings({finite}), ]")
        if spec.weights:
            weights = name(spec.weights)
            lines.append(f"d <- subset(d, {weights} != 0)")
        if spec.estimator == "within":
            lines.append("# A returnee with one survey tells nothing within returnees.")
            lines.append("d <- d[ave(d$returnee_id, d$returnee_id, FUN = length) > 1, ]")
        for variable in facts.unrecorded:
            new = f"{term_name(variable)}_not_recorded"
            lines += [
                f"d${name(new)} <- as.numeric(is.na(d${name(variable)}))  # a category of its own",
                f"d${name(variable)}[is.na(d${name(variable)})] <- 0",
            ]
        if spec.estimator == "random_effects" and spec.random:
            lines.append(f"d <- d[order(d${name(spec.random.groups)}), ]")
        return "\n".join(lines) + "\n"

    def factors(self) -> list[str]:
        """Categories of the right side that have two levels or more in the sample."""
        facts = self.facts
        return [n for n in self.spec.variables if facts.category(n) and len(facts.used[n]) > 1]

    def coding(self) -> str:
        facts, spec = self.facts, self.spec
        lines = []
        for variable in self.factors():
            column, levels = f"d${name(variable)}", facts.levels[variable]
            lines.append(
                _wrapped(
                    f"{column} <- droplevels(factor({column}, {self.level_list(variable, levels)}))"
                )
            )
            coding = spec.coding_of(variable)
            if coding == DEVIATION:
                lines.append(
                    f"contrasts({column}) <- contr.sum(nlevels({column}))"
                    "  # from the unweighted mean of the levels"
                )
            elif coding:
                lines.append(f"{column} <- relevel({column}, ref = {text(coding)})")
        if lines:
            lines.insert(0, "# Categories; the first level is the reference, if nothing is said.")
        if spec.estimator == "ordered_logit":
            outcome = f"d${name(spec.outcome)}"
            order = dict(spec.levels).get(spec.outcome, ())
            given = self.level_list(spec.outcome, order) if order else ""
            lines.append(
                _wrapped(
                    f"{outcome} <- droplevels(factor({outcome}{', ' + given if given else ''},"
                    " ordered = TRUE))"
                )
            )
        return "\n".join(lines) + "\n"

    def level_list(self, variable: str, levels: Sequence[str]) -> str:
        texts = ", ".join(text(level) for level in levels)
        if self.facts.kind(variable) == TEXT:
            return f"levels = c({texts})"
        numbers = ", ".join(levels)
        plain = all(re.fullmatch(r"-?\d{1,5}", level) for level in levels)
        return f"levels = c({numbers})" + ("" if plain else f", labels = c({texts})")

    # ------------------------------------------------------------ fitting

    def right_side(self) -> list[str]:
        """Terms of the formula."""
        facts = self.facts
        terms: list[str] = []
        for term in self.spec.right_side:
            if facts.dropped_term(term.variables):
                continue
            choices: list[list[str]] = [[]]
            for variable in term.variables:
                own = [_variable(facts, variable)]
                if variable in facts.unrecorded:
                    own.append(name(f"{term_name(variable)}_not_recorded"))
                choices = [[*chosen, one] for chosen in choices for one in own]
            terms += [":".join(chosen) for chosen in choices]
        return terms

    def left(self) -> str:
        return _variable(self.facts, self.spec.outcome)

    def outcome(self) -> str:
        """The outcome outside a formula."""
        made = self.spec.outcome in self.facts.made
        return f"with(d, {self.left()})" if made else f"d${name(self.spec.outcome)}"

    def formula(self, extra: Sequence[str] = ()) -> str:
        terms = [*([] if self.spec.intercept else ["0"]), *self.right_side(), *extra]
        return f"{self.left()} ~ {' + '.join(terms) or '1'}"

    def fitting(self) -> str:
        spec, facts = self.spec, self.facts
        lines = ["# The fit."]
        left_out = [str(t) for t in spec.right_side if facts.dropped_term(t.variables)]
        if left_out:
            lines.append(f"# Without {', '.join(left_out)}: one level only in these rows.")
        lines += getattr(self, f"fit_{spec.estimator}")()
        return "\n".join(_wrapped(line) for line in lines) + "\n"

    def weighted(self) -> str:
        return f", weights = {name(self.spec.weights)}" if self.spec.weights else ""

    def fit_ols(self) -> list[str]:
        effects = self.spec.absorbed
        if not effects:
            return [
                f"formula <- {self.formula()}",
                f"model <- lm(formula, d{self.weighted()})",
                "b <- coef(model)",
            ]
        if _means(self.facts):
            return self.fit_means()
        dummies = [f"factor({name(effect)})" for effect in effects]
        lines = [
            f"formula <- {self.formula(dummies)}",
            f"model <- lm(formula, d{self.weighted()})",
            "b <- coef(model)",
        ]
        if any(v.type == "CR3" for v in self.vcovs):
            # As clubSandwich does for plm: the adjustment is that of columns without effects.
            lines += [
                "# CR3 adjusts by the columns less the fixed effects, as clubSandwich for plm.",
                f"X <- model.matrix(~ {' + '.join(self.right_side())}, d)[, -1, drop = FALSE]",
                "less_effects <- function(x) residuals(lm(x ~ "
                + " + ".join(f"factor(d${name(effect)})" for effect in effects)
                + (f", weights = d${name(self.spec.weights)}))" if self.spec.weights else "))"),
                f"inner <- lm(less_effects({self.outcome()}) ~ 0 + less_effects(X)"
                f"{', weights = d$' + name(self.spec.weights) if self.spec.weights else ''})",
            ]
        return lines

    def fit_within(self) -> list[str]:
        return self.fit_means()

    def fit_means(self) -> list[str]:
        """Fixed effects too many for dummies: means are subtracted."""
        spec, facts = self.spec, self.facts
        sizes = facts.sizes
        first, *others = sorted(spec.absorbed, key=lambda effect: -sizes.get(effect, 0))
        terms = " + ".join(self.right_side())
        group = f"d${name(first)}"
        lines = [f"formula <- {self.left()} ~ {terms}"]
        if _panel(facts):
            lines += [
                f"d$occasion <- ave(seq_len(nrow(d)), {group}, FUN = seq_along)",
                f"model <- plm(formula, d, index = c({text(first)}, "
                + (f'{text(others[0])}), effect = "twoways"' if others else '"occasion")')
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
        y = self.outcome()
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
        if _panel(facts):
            lines.append("b <- coef(model)")
        else:
            lines.append("b <- setNames(coef(inner), colnames(X))")
        return lines

    def fit_random_effects(self) -> list[str]:
        random = self.spec.random
        assert random is not None
        return [
            f"formula <- {self.formula()}",
            f"d$occasion <- ave(seq_len(nrow(d)), d${name(random.groups)}, FUN = seq_along)",
            f'model <- plm(formula, d, index = c({text(random.groups)}, "occasion"),'
            ' model = "random")',
            "b <- coef(model)",
            *(
                [
                    "# Outcome and columns less a share of the groups' means.",
                    "inner <- lm(as.numeric(pmodel.response(model)) ~ 0 + model.matrix(model))",
                ]
                if any(v.type not in ("classical", *ADJUSTED) for v in self.vcovs)
                else []
            ),
        ]

    def fit_mixed(self) -> list[str]:
        random = self.spec.random
        assert random is not None
        varying = [
            *(["1"] if random.intercept else ["0"]),
            *(_variable(self.facts, s) for s in random.slopes),
        ]
        bar = "|" if random.correlated else "||"
        part = f"({' + '.join(varying)} {bar} {name(random.groups)})"
        terms = [*([] if self.spec.intercept else ["0"]), *self.right_side()]
        fixed = " + ".join(terms) or "1"
        return [
            f"formula <- {self.left()} ~ {fixed}",
            f"model <- lmer({self.left()} ~ {fixed} + {part}, d,"
            f" REML = {'TRUE' if random.method == 'REML' else 'FALSE'},",
            '              control = lmerControl(optimizer = "bobyqa",'
            " optCtrl = list(rhoend = 1e-12, maxfun = 1e5)))",
            "b <- fixef(model)",
            "# The random part: standard deviations and correlations.",
            'print(VarCorr(model), comp = "Std.Dev.", digits = 8)',
        ]

    def fit_logit(self) -> list[str]:
        return [
            f"formula <- {self.formula()}",
            f"model <- glm(formula, binomial, d{self.weighted()}, epsilon = 1e-14, maxit = 100)",
            "b <- coef(model)",
        ]

    def fit_fractional_logit(self) -> list[str]:
        return [
            f"formula <- {self.formula()}",
            f"model <- glm(formula, quasibinomial, d{self.weighted()}, epsilon = 1e-14,"
            " maxit = 100)",
            "b <- coef(model)",
        ]

    def fit_ordered_logit(self) -> list[str]:
        return [
            f"formula <- {self.formula()}",
            f"model <- clm(formula, data = d{self.weighted()},"
            " control = clm.control(gradTol = 1e-9))",
            "b <- coef(model)                         # thresholds first, then the terms",
            "thresholds <- names(model$alpha)",
        ]

    def fit_quantile(self) -> list[str]:
        return [
            f"formula <- {self.formula()}",
            f"model <- rq(formula, tau = {number(self.spec.quantile)}, data = d)",
            "b <- coef(model)",
            "# Errors are another matter: every program estimates the density in its own way.",
        ]

    # ------------------------------------------------------------ covariances

    def covariances(self) -> str:
        lines = ["# Covariances of the coefficients."]
        if self.spec.estimator == "quantile":
            lines += [
                "V <- list()",
                f"V[[{text(label(self.spec.vcov))}]] <- matrix(NA, length(b),"
                " length(b), dimnames = list(names(b), names(b)))",
            ]
            return "\n".join(lines) + "\n"
        lines.append("V <- list()")
        inner_named = False
        for vcov in self.spec.vcovs:
            reason = unchecked(self.facts, vcov)
            if reason:
                lines += self.left_to_others(vcov, reason)
                continue
            before, code, inner = self.covariance(vcov)
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
        return "\n".join(_wrapped(line) for line in lines) + "\n"

    def left_to_others(self, vcov: Vcov, reason: str) -> list[str]:
        return [f"# {label(vcov)}: {reason}"]

    def cluster(self, vcov: Vcov) -> str:
        first = f"d${name(vcov.clusters[0])}"
        if len(vcov.clusters) == 1:
            return first
        return f"d[c({', '.join(text(c) for c in vcov.clusters)})]"

    def covariance(self, vcov: Vcov) -> tuple[list[str], str, bool]:
        """The lines before, the covariance, and whether it is that of `inner`."""
        spec = self.spec
        if spec.absorbed:
            if _means(self.facts):
                return self.of_means(vcov)
            return self.of_dummies(vcov)
        kind = vcov.type
        if spec.estimator == "random_effects":
            if kind == "classical":
                return [], "vcov(model)", False
            if kind in ADJUSTED:
                return [], self.adjusted(vcov, "model"), False
            return [], f"named({self.sandwich(vcov, 'inner')})", True
        if spec.estimator == "mixed":
            return self.of_mixed(vcov)
        if kind == "classical":
            return [], "vcov(model)", False
        if spec.estimator == "ordered_logit":
            return self.of_ordered(vcov)
        if kind in ADJUSTED:
            return [], self.adjusted(vcov, "model"), False
        return [], self.sandwich(vcov, "model"), False

    def sandwich(self, vcov: Vcov, model: str) -> str:
        """A covariance of the package sandwich; CR1S has (n - 1)/(n - k) G/(G - 1)."""
        if vcov.type in HC:
            return f"vcovHC({model}, type = {text(vcov.type)})"
        kind = {"CR0": '"HC0", cadjust = FALSE', "CR1": '"HC0"', "CR1S": '"HC1"'}[vcov.type]
        return f"vcovCL({model}, cluster = {self.cluster(vcov)}, type = {kind})"

    def adjusted(self, vcov: Vcov, model: str) -> str:
        return f"vcovCR({model}, cluster = {self.cluster(vcov)}, type = {text(vcov.type)})"

    def of_dummies(self, vcov: Vcov) -> tuple[list[str], str, bool]:
        if vcov.type == "classical":
            return [], "vcov(model)", False
        if vcov.type == "CR3":
            before = [
                "slopes <- colnames(X)[!is.na(coef(inner))]",
                "wide <- diag(length(b))",
                "dimnames(wide) <- list(names(b), names(b))",
                f"wide[slopes, slopes] <- {self.adjusted(vcov, 'inner')}",
            ]
            return before, "wide", False
        if vcov.type == "CR2":
            return [], self.adjusted(vcov, "model"), False
        if vcov.type == "CR1S" and vcov.count_effects != "all":
            plain = self.sandwich(Vcov("CR1", vcov.cluster, vcov.second), "model")
            return self.counted(vcov), f"{plain} * (n - 1) / (n - K)", False
        return [], self.sandwich(vcov, "model"), False

    def slopes(self) -> str:
        if _means(self.facts):
            return "sum(!is.na(coef(inner)))"
        k = " + ".join(self.right_side())
        effects = len(self.spec.absorbed)
        dummies = " + ".join(f"factor({name(e)})" for e in self.spec.absorbed)
        assert k and effects
        return f"model$rank - qr(model.matrix(~ {dummies}, d))$rank"

    def counted(self, vcov: Vcov) -> list[str]:
        """Count coefficients as `count_effects` says."""
        effects = self.spec.absorbed
        outside = [e for e in effects if e not in self.facts.inside.get(vcov.label, ())]
        if vcov.count_effects == "none":
            more, why = "0", "fixed effects are not counted"
        elif vcov.count_effects == "all" or not outside:
            crossing = effects if vcov.count_effects == "all" else ()
            more = self.rank(crossing) if crossing else "1"
            why = (
                "every fixed effect is counted"
                if crossing
                else "fixed effects are nested in the clusters: one constant is counted"
            )
        else:
            more, why = self.rank(outside), "fixed effects not nested in the clusters are counted"
        return ["n <- nrow(d)", f"K <- {self.slopes()} + {more}  # {why}"]

    def rank(self, effects: Sequence[str]) -> str:
        if len(effects) == 1:
            return f"length(unique(d${name(effects[0])}))"
        first = max(effects, key=lambda effect: self.facts.sizes.get(effect, 0))
        if self.facts.sizes.get(first, 0) <= FEW_EFFECTS:
            dummies = " + ".join(f"factor({name(e)})" for e in effects)
            return f"qr(model.matrix(~ {dummies}, d))$rank"
        return f"length(unique(d${name(first)})) + qr(dummies)$rank"

    def of_means(self, vcov: Vcov) -> tuple[list[str], str, bool]:
        kind, effects = vcov.type, self.spec.absorbed
        k, all_of_them = "sum(!is.na(coef(inner)))", self.rank(effects)
        free = ["n <- nrow(d)", f"k <- {k}", f"A <- {all_of_them}"]
        if kind == "classical":
            if _panel(self.facts):
                return [], "vcov(model)", False
            return free, "named(vcov(inner)) * (n - k) / (n - k - A)", True
        if kind == "HC0":
            return [], 'named(vcovHC(inner, type = "HC0"))', True
        if kind == "HC1":
            return free, 'named(vcovHC(inner, type = "HC0")) * n / (n - k - A)', True
        if kind in ("HC2", "HC3"):
            weights = f"d${name(self.spec.weights)}" if self.spec.weights else "rep(1, nrow(d))"
            group = f"d${name(effects[0])}"
            power = "" if kind == "HC2" else "^2"
            before = [
                f"w <- {weights}",
                f"h <- hatvalues(inner) + w / ave(w, {group}, FUN = sum)",
                "omega <- as.vector(residuals(inner)^2 * w"
                + ("^2" if self.spec.weights else "")
                + f" / (1 - h){power})",
            ]
            return before, "named(vcovHC(inner, omega = omega))", True
        if kind == "CR2":
            return [], self.adjusted(vcov, "model"), False
        if kind == "CR3":
            return [], f"named({self.adjusted(vcov, 'inner')})", True
        if kind == "CR1S":
            plain = self.sandwich(Vcov("CR1", vcov.cluster, vcov.second), "inner")
            return self.counted(vcov), f"named({plain}) * (n - 1) / (n - K)", True
        return [], f"named({self.sandwich(vcov, 'inner')})", True

    def of_mixed(self, vcov: Vcov) -> tuple[list[str], str, bool]:
        if vcov.type == "classical":
            return [], "as.matrix(vcov(model))", False
        if not vcov.second:
            return [], self.adjusted(vcov, "model"), False
        first, second = (f"d${name(c)}" for c in vcov.clusters)
        parts = [
            f"vcovCR(model, cluster = {c}, type = {text(vcov.type)})"
            for c in (first, second, f"interaction({first}, {second}, drop = TRUE)")
        ]
        return [], f"{parts[0]} + {parts[1]} - {parts[2]}", False

    def of_ordered(self, vcov: Vcov) -> tuple[list[str], str, bool]:
        if vcov.type in ("HC0", "HC1"):
            scores = ["scores <- estfun(model)"]
            factor = "" if vcov.type == "HC0" else " * nrow(d) / (nrow(d) - length(kept_b))"
            before = [*scores, "kept_b <- b[!is.na(b)]"] if factor else scores
            return before, f"vcov(model) %*% crossprod(scores) %*% vcov(model){factor}", False
        if not self.spec.weights:
            return [], self.sandwich(vcov, "model"), False
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

    # ------------------------------------------------------------ reporting

    def reporting(self) -> str:
        spec, facts = self.spec, self.facts
        lines = []
        if self.factors():
            lines.append("L <- combinations(formula, d)")
            if spec.estimator == "ordered_logit":
                lines.append(
                    'L <- L[rownames(L) != "(Intercept)", colnames(L) != "(Intercept)",'
                    " drop = FALSE]"
                )
            elif spec.absorbed:
                hidden = '"^factor\\\\(|^\\\\(Intercept\\\\)$"'
                lines.append(f"L <- L[!grepl({hidden}, rownames(L)), , drop = FALSE]")
        else:
            lines.append("L <- diag(length(b))")
            lines.append("dimnames(L) <- list(names(b), names(b))")
            if spec.absorbed and not _means(facts):
                hidden = '"^factor\\\\(|^\\\\(Intercept\\\\)$"'
                lines.append(f"L <- L[!grepl({hidden}, rownames(L)), , drop = FALSE]")
        if spec.estimator == "ordered_logit" and self.factors():
            lines += [
                "thresholds <- matrix(diag(length(b))[names(b) %in% thresholds, ],",
                "                     ncol = length(b), dimnames = list(thresholds, names(b)))",
                "wide <- matrix(0, nrow(L), length(b), dimnames = list(rownames(L), names(b)))",
                "wide[, colnames(L)] <- L",
                "L <- rbind(wide, thresholds)",
            ]
        lines += self.contrasts()
        return "\n".join(_wrapped(line) for line in lines) + "\n" + TABLE

    def contrasts(self) -> list[str]:
        """Combinations of reported terms that the specification asks for."""
        if not self.spec.contrasts:
            return []
        known = {one.term: r_term(self.facts, one.parts) for one in self.facts.reported()}
        lines = ["# Contrasts."]
        for called, parts in self.spec.contrasts:
            lacking = [term for term, _ in parts if term not in known]
            if lacking:
                lines.append(f"# {called}: there is no term {', '.join(lacking)}.")
                continue
            sums = ""
            for term, factor in parts:
                times = "" if abs(factor) == 1 else f"{number(abs(factor))} * "
                sign = (" - " if factor < 0 else " + ") if sums else "-" if factor < 0 else ""
                sums += f"{sign}{times}L[{text(known[term])}, ]"
            lines.append(f"L <- rbind(L, {text(called)} = {sums})")
        return lines


def condition(facts: Facts, parsed: Filter, inside_not: bool = False) -> str:
    """Write a filter for `subset`, which takes a missing comparison for false."""
    if isinstance(parsed, Not):
        if isinstance(parsed.part, Comparison) and not inside_not:
            if parsed.part.operator == "missing":
                return f"!is.na({name(parsed.part.name)})"
            if parsed.part.operator == "in":
                column = name(parsed.part.name)
                return f"!is.na({column}) & !({_compared(facts, parsed.part, False)})"
        return f"!({condition(facts, parsed.part, True)})"
    if isinstance(parsed, Both):
        sign = "&" if parsed.operator == "and" else "|"
        sides = []
        for side in (parsed.left, parsed.right):
            written = condition(facts, side, inside_not)
            brackets = isinstance(side, Both) and side.operator != parsed.operator
            sides.append(f"({written})" if brackets else written)
        return f" {sign} ".join(sides)
    return _compared(facts, parsed, inside_not)


def _compared(facts: Facts, parsed: Comparison, inside_not: bool) -> str:
    column = name(parsed.name)
    if parsed.operator == "missing":
        return f"is.na({column})"
    kind = facts.kind(parsed.name)

    def value(one: float | str) -> str:
        if kind == DAY:
            return f"as.Date({text(str(one))})"
        if kind == TEXT:
            return text(one if isinstance(one, str) else f"{one:g}")
        return number(float(one)) if not isinstance(one, str) else text(one)

    values = [value(one) for one in parsed.compared]
    if parsed.operator != "in":
        return f"{column} {parsed.operator} {values[0]}"
    if not inside_not:
        return f"{column} %in% c({', '.join(values)})"
    return "(" + " | ".join(f"{column} == {one}" for one in values) + ")"


def file_name(spec_id: str, extension: str) -> str:
    """The file of a specification's code."""
    return f"{spec_id}.{extension}"


def _wrapped(line: str, width: int = 92) -> str:
    """Break a long line of code after commas and signs that stand outside quotes."""
    if len(line) <= width or line.lstrip().startswith("#"):
        return line
    pieces, start, quote, place = [], 0, "", 0
    while place < len(line):
        sign = line[place]
        if quote:
            place += sign == "\\"
            quote = "" if sign == quote else quote
        elif sign in '"`':
            quote = sign
        elif sign == " " and line[place - 1] in ",+|&~-":
            pieces.append(line[start : place + 1])
            start = place + 1
        place += 1
    lines, current = [], ""
    for piece in [*pieces, line[start:]]:
        if current.strip() and len(current) + len(piece.rstrip()) > width:
            lines.append(current.rstrip())
            current = "  "
        current += piece
    return "\n".join([*lines, current.rstrip()])
