# Wild cluster bootstrap by enumeration, null imposed, Rademacher: lm() on every vector of signs.
# usage: Rscript wild_reference.R FOLDER; writes wild_reference.json there, from data R ships.
suppressPackageStartupMessages({library(sandwich); library(jsonlite)})
folder <- commandArgs(trailingOnly = TRUE)[1]

wild <- function(formula, data, term, cluster, weights = NULL) {
  data$w <- if (is.null(weights)) 1 else data[[weights]]
  g <- as.integer(factor(data[[cluster]], unique(data[[cluster]])))
  t_of <- function(fit) {
    v <- vcovCL(fit, g, type = "HC1", cadjust = TRUE)
    unname(coef(fit)[term] / sqrt(v[term, term]))
  }
  full <- lm(formula, data, weights = w)
  without <- update(full, paste(". ~ . -", term))
  signs <- as.matrix(expand.grid(rep(list(c(1, -1)), max(g))))
  ours <- t_of(full)
  outcome <- all.vars(formula)[1]
  t <- apply(signs, 1, function(s) {
    data[[outcome]] <- fitted(without) + s[g] * residuals(without)
    t_of(lm(formula, data, weights = w))
  })
  list(statistic = ours, p_value = mean(abs(t) >= abs(ours) * (1 - 1e-9)), vectors = nrow(signs))
}

cars <- mtcars
grunfeld <- read.csv(file.path(folder, "fit", "grunfeld.csv"))
few <- subset(grunfeld, year < 1940 & firm <= 6)
result <- list(
  plain = wild(mpg ~ wt + hp, cars, "hp", "carb"),
  weights = wild(mpg ~ wt + hp, cars, "wt", "carb", "qsec"),
  effects = wild(inv ~ value + capital + factor(firm), few, "value", "firm"),
  crossing = wild(inv ~ value + capital + factor(year), few, "capital", "firm")
)
write_json(result, file.path(folder, "wild_reference.json"), auto_unbox = TRUE, digits = NA)
