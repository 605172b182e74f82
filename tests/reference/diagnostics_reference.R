# What R says of the diagnostics of regressions on data in fit/ (diagnostics_reference.json), for
# test_diagnostics_against_r.py.
#
#   Rscript tests/reference/diagnostics_reference.R tests/reference
#
# R 4.2 with lmtest, sandwich and jsonlite. car is not needed: generalised variance inflation (Fox
# and Monette 1992) is three determinants.
suppressMessages({ library(lmtest); library(sandwich); library(jsonlite) })
here <- commandArgs(trailingOnly = TRUE)[1]
read <- function(name) read.csv(file.path(here, "fit", paste0(name, ".csv")))
gvif <- function(m) {
  V <- cov2cor(vcov(m)[-1, -1, drop = FALSE])
  of <- attr(model.matrix(m), "assign")[-1]
  labels <- attr(terms(m), "term.labels")
  sapply(setNames(seq_along(labels), labels), function(i) {
    own <- of == i
    det(V[own, own, drop = FALSE]) * det(V[!own, !own, drop = FALSE]) / det(V)
  })
}
result <- list()
put <- function(case, m, bp = TRUE, squares = NULL, vcov. = NULL) {
  h <- hatvalues(m); d <- dfbetas(m); f <- resettest(m, power = 2:3, type = "fitted")
  if (!is.null(m$weights)) {  # which resettest leaves out
    z <- transform(cars, z2 = fitted(m)^2, z3 = fitted(m)^3)
    a <- anova(m, lm(update(formula(m), . ~ . + z2 + z3), z, weights = qsec))
    f <- list(statistic = a$F[2], parameter = c(a$Df[2], a$Res.Df[2]), p.value = a$`Pr(>F)`[2])
  }
  out <- list(gvif = as.list(gvif(m)), hat = unname(h), dfbetas = unname(d[, 2]),
              reset = unname(f$statistic), reset_df = unname(f$parameter), reset_p = f$p.value)
  if (bp) {
    b <- bptest(m)
    out$bp <- unname(b$statistic); out$bp_df <- unname(b$parameter); out$bp_p <- unname(b$p.value)
  }
  if (!is.null(squares)) {
    w <- bptest(m, squares, data = cars)
    out$white <- unname(w$statistic); out$white_df <- unname(w$parameter)
  }
  if (!is.null(vcov.)) {
    d <- transform(cars, z2 = fitted(m)^2, z3 = fitted(m)^3)
    bigger <- lm(update(formula(m), . ~ . + z2 + z3), d)
    b <- tail(coef(bigger), 2); k <- length(coef(bigger)) - 1:0
    out$wald <- drop(b %*% solve(vcov.(bigger)[k, k], b)) / 2
  }
  result[[case]] <<- out
}
cars <- read("mtcars")
m <- lm(mpg ~ wt + hp + factor(cyl), cars)
put("factor", m, vcov. = function(m) vcovHC(m, type = "HC3"))
m <- lm(mpg ~ wt + hp, cars)
put("numbers", m, squares = ~ wt * hp + I(wt^2) + I(hp^2),
    vcov. = function(m) vcovCL(m, cars$carb, type = "HC1"))
m <- lm(mpg ~ wt + hp, cars, weights = qsec)
put("weighted", m, bp = FALSE)
m <- lm(mpg ~ wt + factor(am), cars)
put("two_values", m, squares = ~ wt * am + I(wt^2))
write_json(result, file.path(here, "diagnostics_reference.json"), digits = NA, pretty = TRUE)
