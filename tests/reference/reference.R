# The same regressions in R: Rscript reference.R surveys.csv reference.json
# Writes estimates, standard errors, t-values' degrees of freedom and p-values by name.
suppressMessages({
  library(sandwich); library(clubSandwich); library(plm); library(jsonlite)
})
invisible(Sys.setlocale("LC_COLLATE", "C"))
paths <- commandArgs(trailingOnly = TRUE)
d <- read.csv(paths[1], stringsAsFactors = FALSE, na.strings = "")
names(d) <- sub("assistance_", "", names(d))
d$country <- factor(d$country)
d$stranded <- factor(d$stranded)
d$sex <- factor(d$sex)

# Every column of a model, and all countries of a sum-coded factor: its last level is minus
# the sum of the others. `cells` names rows of combinations to report.
combinations <- function(model, rename) {
  b <- coef(model)
  kept <- names(b)[!is.na(b)]
  L <- diag(length(kept)); colnames(L) <- kept; rownames(L) <- rename(kept)
  L
}
report <- function(model, L, V, df) {
  b <- coef(model)[colnames(L)]
  estimate <- drop(L %*% b)
  se <- sqrt(diag(L %*% V[colnames(L), colnames(L)] %*% t(L)))
  t <- estimate / se
  list(term = rownames(L), estimate = unname(estimate), std_error = unname(se),
       p_value = unname(2 * pt(-abs(t), df)), df = df,
       conf_low = unname(estimate - qt(.975, df) * se),
       conf_high = unname(estimate + qt(.975, df) * se))
}
covariances <- function(model, cluster) {
  n <- nobs(model); k <- model$rank; G <- length(unique(cluster))
  out <- list()
  for (type in c("HC0", "HC1", "HC2", "HC3"))
    out[[type]] <- list(V = vcovHC(model, type = type), df = n - k)
  out$CR0 <- list(V = vcovCL(model, cluster, type = "HC0", cadjust = FALSE), df = G - 1)
  out$CR1 <- list(V = vcovCL(model, cluster, type = "HC0", cadjust = TRUE), df = G - 1)
  out$CR1S <- list(V = vcovCL(model, cluster, type = "HC1", cadjust = TRUE), df = G - 1)
  if (!anyNA(coef(model))) {  # a second package must say the same
    for (type in c("CR0", "CR1", "CR1S"))
      stopifnot(all.equal(unname(as.matrix(vcovCR(model, cluster, type = type))),
                          unname(out[[type]]$V), tolerance = 1e-9))
  }
  out
}
describe <- function(model, cluster, L) {
  list(n_obs = nobs(model), r2 = summary(model)$r.squared,
       dropped = names(coef(model))[is.na(coef(model))],
       vcov = lapply(covariances(model, cluster), function(v) report(model, L, v$V, v$df)))
}
plain <- function(x) {
  x <- sub("(Intercept)", "intercept", x, fixed = TRUE)
  x <- sub("strandedyes", "stranded.yes", x)
  sub("sexwoman", "sex.woman", x)
}
sum_levels <- function(L, prefix, codes, suffix = "") {
  # Name country1..country4 by their level and add the last one.
  m <- length(codes)
  own <- paste0(prefix, seq_len(m - 1), suffix)
  last <- matrix(0, 1, ncol(L), dimnames = list(NULL, colnames(L)))
  last[1, own] <- -1
  rownames(L)[match(own, colnames(L))] <- paste0("country.", codes[-m], plain(suffix))
  rownames(last) <- paste0("country.", codes[m], plain(suffix))
  rbind(L, last)
}

result <- list()
used <- d[complete.cases(d[c("score", "age")]), ]
codes <- levels(used$country)
deviation <- used
contrasts(deviation$country) <- contr.sum(length(codes))

m <- lm(score ~ country + training + microbusiness + months + age + stranded, deviation)
L <- sum_levels(combinations(m, plain), "country", codes)
result$deviation <- describe(m, deviation$returnee_id, L)

reference <- used
reference$country <- relevel(reference$country, ref = "SEN")
m <- lm(score ~ country + training + months + sex, reference)
L <- combinations(m, function(x) sub("^country", "country.", plain(x)))
result$reference <- describe(m, reference$returnee_id, L)

aliased <- deviation
m <- lm(score ~ country + training + visited_senegal + age + months + age_months, aliased)
L <- sum_levels(combinations(m, plain), "country", codes)
result$aliased <- describe(m, aliased$returnee_id, L)

m <- lm(score ~ country + stranded + training + country:stranded + training:stranded, deviation)
L <- combinations(m, plain)
L <- sum_levels(L, "country", codes)
L <- sum_levels(L, "country", codes, ":strandedyes")
rownames(L) <- sub("stranded.yes:training", "training:stranded.yes", rownames(L))
result$interaction <- describe(m, deviation$returnee_id, L)

# Within returnees: plm counts k coefficients ("sss"), Stata's xtreg k + 1.
again <- used[used$returnee_id %in% names(which(table(used$returnee_id) > 1)), ]
again$occasion <- ave(seq_len(nrow(again)), again$returnee_id, FUN = seq_along)
p <- plm(score ~ training + microbusiness + months, data = again, model = "within",
         index = c("returnee_id", "occasion"))
G <- length(unique(again$returnee_id)); n <- nrow(again); k <- length(coef(p))
CR0 <- vcovHC(p, method = "arellano", type = "HC0", cluster = "group")
sss <- vcovHC(p, method = "arellano", type = "sss", cluster = "group")
stopifnot(all.equal(c(sss), c(CR0) * G / (G - 1) * (n - 1) / (n - k), tolerance = 1e-9))
types <- list(CR0 = 1, CR1 = G / (G - 1), CR1S = G / (G - 1) * (n - 1) / (n - k - 1))
# The same by hand, as xtreg does it: deviations with the overall mean put back.
centre <- function(x) x - ave(x, again$returnee_id) + mean(x)
demeaned <- data.frame(lapply(again[c("score", "training", "microbusiness", "months")], centre))
by_hand <- lm(score ~ ., demeaned)
V <- vcovCL(by_hand, again$returnee_id, type = "HC1", cadjust = TRUE)[-1, -1]
stopifnot(all.equal(c(V), c(CR0) * types$CR1S, tolerance = 1e-9))
L <- diag(k); dimnames(L) <- list(names(coef(p)), names(coef(p)))
result$within <- list(
  n_obs = n, n_returnees = G, r2_within = unname(summary(p)$r.squared["rsq"]),
  vcov = lapply(types, function(f) report(p, L, CR0 * f, G - 1)),
  plm_sss = report(p, L, sss, G - 1))

write_json(result, paths[2], digits = NA, auto_unbox = TRUE, pretty = TRUE)
