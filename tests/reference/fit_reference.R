# Fits public data sets that R ships and writes the data (fit/*.csv) and what R says of them
# (fit_reference.json), for test_fit_against_r.py.
#
#   Rscript tests/reference/fit_reference.R tests/reference
#
# R 4.2 with sandwich, clubSandwich, plm, lme4, MASS, ordinal and jsonlite.
suppressMessages({
  library(sandwich); library(clubSandwich); library(plm); library(lme4); library(MASS)
  library(jsonlite)
})
here <- commandArgs(trailingOnly = TRUE)[1]
save <- function(d, name) {
  names(d) <- make.names(names(d))
  write.csv(d, file.path(here, "fit", paste0(name, ".csv")), row.names = FALSE, na = "")
  d
}
result <- list()
# Terms as the specification language names them.
plain <- function(x) {
  x <- sub("(Intercept)", "intercept", x, fixed = TRUE)
  for (f in c("cyl", "gear", "wool", "tension", "Species", "education", "Infl", "Type", "Cont",
              "Diet", "agegp", "spontaneous", "firm", "year"))
    x <- gsub(paste0("(^|:)(factor\\()?", f, "\\)?([^:]+)"), paste0("\\1", f, ".\\3"), x)
  x
}
put <- function(case, estimate, V, df = NULL, called = plain(names(estimate)), ...) {
  se <- sqrt(diag(as.matrix(V)))
  out <- list(term = called, estimate = unname(estimate), std_error = unname(se))
  if (!is.null(df)) {
    df <- rep(df, length.out = length(se))
    out$df <- ifelse(is.infinite(df), -1, df)
    out$p_value <- unname(2 * pt(-abs(estimate / se), df))
    half <- qt(.975, df) * se
    out$conf_low <- unname(estimate - half); out$conf_high <- unname(estimate + half)
  }
  result[[case]] <<- c(out, list(...))
}
kept <- function(m) coef(m)[!is.na(coef(m))]

# ---------------------------------------------------------------- least squares
cars <- save(cbind(name = rownames(mtcars), mtcars, sum = 2 * mtcars$wt - mtcars$hp), "mtcars")
m <- lm(mpg ~ wt + hp + factor(cyl), cars); s <- summary(m)
put("ols_classical", coef(m), vcov(m), df.residual(m), r2 = s$r.squared,
    r2_adj = s$adj.r.squared, sigma = s$sigma, loglik = as.numeric(logLik(m)))
for (t in c("HC0", "HC1", "HC2", "HC3"))
  put(paste0("ols_", t), coef(m), vcovHC(m, type = t), df.residual(m))
for (t in c("CR0", "CR1", "CR1S", "CR3"))
  put(paste0("ols_", t), coef(m), vcovCR(m, cars$carb, t), 5)
V <- vcovCR(m, cars$carb, "CR2")
put("ols_CR2", coef(m), V, coef_test(m, V, test = "Satterthwaite")$df_Satt)
stopifnot(all.equal(c(vcovCL(m, ~ carb, type = "HC1")), c(vcovCR(m, cars$carb, "CR1S"))))
m <- lm(mpg ~ wt + hp, cars, weights = qsec); s <- summary(m)
put("wls_classical", coef(m), vcov(m), df.residual(m), r2 = s$r.squared,
    r2_adj = s$adj.r.squared, sigma = s$sigma, loglik = as.numeric(logLik(m)))
put("wls_HC3", coef(m), vcovHC(m, type = "HC3"), df.residual(m))
put("wls_CR1S", coef(m), vcovCR(m, cars$carb, "CR1S"), 5)
V <- vcovCR(m, cars$carb, "CR2")
put("wls_CR2", coef(m), V, coef_test(m, V)$df_Satt)
put("wls_CR3", coef(m), vcovCR(m, cars$carb, "CR3"), 5)
m <- lm(mpg ~ 0 + wt + factor(cyl), cars); s <- summary(m)
put("no_intercept", coef(m), vcov(m), df.residual(m), r2 = s$r.squared)
m <- lm(log(mpg) ~ wt + I(wt^2) + sqrt(hp), cars)
put("functions", coef(m), vcov(m), df.residual(m),
    called = c("intercept", "wt", "wt^2", "sqrt(hp)"))
m <- lm(mpg ~ wt + hp + sum + gear, cars)
put("aliased", kept(m), vcov(m, complete = FALSE), df.residual(m),
    called = c("intercept", "wt", "hp", "gear"))
m <- lm(mpg ~ wt, cars, subset = hp > 100 & cyl %in% c(6, 8))
put("filter", coef(m), vcov(m), df.residual(m), n_obs = nobs(m))
m <- lm(mpg ~ factor(cyl) + factor(cyl):wt, cars)
put("slopes_by_level", coef(m), vcov(m), df.residual(m))

breaks <- save(warpbreaks, "warpbreaks")
m <- lm(breaks ~ wool * tension, within(breaks, tension <- relevel(tension, "M")))
L <- rbind(b = c(0, 1, 0, 0, 0, 0), c = c(0, 0, 1, -1, 0, 0), d = c(0, 1, 0, 0, .5, .5))
put("interaction", coef(m), vcov(m), df.residual(m))
put("contrasts", drop(L %*% coef(m)), L %*% vcov(m) %*% t(L), df.residual(m),
    called = c("at_M", "low_minus_high", "average_wool"))
b <- breaks; contrasts(b$tension) <- contr.sum(3)
b$tension <- factor(b$tension, levels = c("H", "L", "M")); contrasts(b$tension) <- contr.sum(3)
m <- lm(breaks ~ wool + tension, b)
L <- rbind(tension.H = c(0, 0, 1, 0), tension.L = c(0, 0, 0, 1), tension.M = c(0, 0, -1, -1))
put("deviation", drop(L %*% coef(m)), L %*% vcovHC(m, type = "HC3") %*% t(L), df.residual(m),
    called = rownames(L))

air <- save(airquality, "airquality")
m <- lm(Ozone ~ Solar.R + Wind + Temp, air)
put("missing", coef(m), vcovHC(m, type = "HC1"), df.residual(m), n_obs = nobs(m))
p <- summary(m)$coefficients[-1, 4]
result$multiplicity <- list(term = names(p), holm = unname(p.adjust(p, "holm")),
                            bh = unname(p.adjust(p, "BH")))

flowers <- save(cbind(iris, g = rep(1:30, 5)), "iris")
m <- lm(Sepal.Length ~ Petal.Width + Species, flowers)
put("iris", coef(m), vcovCR(m, flowers$g, "CR1"), 29)
chick <- save(transform(as.data.frame(ChickWeight), sq = Time^2 / 100), "chickweight")
m <- lm(weight ~ Time * Diet, chick)
V <- vcovCR(m, as.character(chick$Chick), "CR2")
put("chick_CR2", coef(m), V, coef_test(m, V)$df_Satt)

# ---------------------------------------------------------------- panels
data(Grunfeld, package = "plm")
gr <- save(cbind(Grunfeld, weight = Grunfeld$year - 1930), "grunfeld")
m <- lm(inv ~ value + capital, gr)
put("ols_two_way", coef(m), vcovCL(m, ~ firm + year, type = "HC1"), 9)
put("ols_two_way_CR0", coef(m), vcovCL(m, ~ firm + year, type = "HC0", cadjust = FALSE), 9)
put("ols_two_way_CR1", coef(m), vcovCL(m, ~ firm + year, type = "HC0"), 9)
m <- plm(inv ~ value + capital, gr, index = c("firm", "year"), model = "within")
put("within_classical", coef(m), vcov(m), df.residual(m), r2_within = unname(r.squared(m)))
put("within_CR0", coef(m), vcovHC(m, type = "HC0"), 9)
put("within_sss", coef(m), vcovHC(m, type = "sss"), 9)
V <- vcovCR(m, gr$firm, "CR2"); put("within_CR2", coef(m), V, coef_test(m, V)$df_Satt)
put("within_CR3", coef(m), vcovCR(m, gr$firm, "CR3"), 9)
V <- vcovCR(m, gr$year, "CR2"); put("within_CR2_year", coef(m), V, coef_test(m, V)$df_Satt)
d <- lm(inv ~ value + capital + factor(firm), gr)
put("dummies_HC1", coef(d)[2:3], vcovHC(d, type = "HC1")[2:3, 2:3], df.residual(d))
put("dummies_HC3", coef(d)[2:3], vcovHC(d, type = "HC3")[2:3, 2:3], df.residual(d))
put("dummies_CR1S", coef(d)[2:3], vcovCR(d, gr$firm, "CR1S")[2:3, 2:3], 9)
m <- plm(inv ~ value + capital, gr, index = c("firm", "year"), effect = "twoways")
put("twoways_classical", coef(m), vcov(m), df.residual(m),
    r2_within = unname(summary(m)$r.squared[1]))
put("twoways_CR0", coef(m), vcovHC(m, type = "HC0"), 9)
put("twoways_DC", coef(m), vcovDC(m, type = "HC0"), 9)
V <- vcovCR(m, gr$firm, "CR2"); put("twoways_CR2", coef(m), V, coef_test(m, V)$df_Satt)
d <- lm(inv ~ value + capital + factor(firm) + factor(year), gr)
put("twoways_two_way", coef(d)[2:3], vcovCL(d, ~ firm + year, type = "HC1")[2:3, 2:3], 9)
w <- lm(inv ~ value + capital + factor(firm), gr, weights = weight)
put("within_weighted", coef(w)[2:3], vcov(w)[2:3, 2:3], df.residual(w))
V <- vcovCR(w, gr$year, "CR2")
put("within_weighted_CR2", coef(w)[2:3], V[2:3, 2:3], coef_test(w, V)$df_Satt[2:3])
short <- save(gr[-c(3, 17, 18, 19, 20, 44, 45, 90, 131:139), ], "grunfeld_unbalanced")
for (case in c("balanced", "unbalanced")) {
  d <- if (case == "balanced") gr else short
  m <- plm(inv ~ value + capital, d, index = c("firm", "year"), model = "random")
  put(paste0("random_", case), coef(m), vcov(m), Inf,
      sigma2 = unname(m$ercomp$sigma2), r2 = unname(summary(m)$r.squared[1]))
  put(paste0("random_CR0_", case), coef(m), vcovHC(m, type = "HC0"), Inf)
}
put("random_CR1S_unbalanced", coef(m), vcovCR(m, short$firm, "CR1S"), Inf)
put("random_CR3_unbalanced", coef(m), vcovCR(m, short$firm, "CR3"), Inf)
V <- vcovCR(m, short$firm, "CR2"); put("random_CR2_unbalanced", coef(m), V, coef_test(m, V)$df_Satt)
m <- plm(inv ~ value + capital, short, index = c("firm", "year"), effect = "twoways")
put("twoways_unbalanced", coef(m), vcov(m), df.residual(m))
gr$post <- as.numeric(gr$year >= 1945); gr$treated <- as.numeric(gr$firm %in% c(1, 4, 6, 9))
did <- save(gr, "did")
m <- plm(inv ~ treated:post, did, index = c("firm", "year"), effect = "twoways")
put("did", coef(m), vcov(m), df.residual(m), called = "treated:post")
V <- vcovCR(m, did$firm, "CR2")
put("did_CR2", coef(m), V, coef_test(m, V)$df_Satt, called = "treated:post")
d <- lm(inv ~ treated * post, did)
put("did_2x2", coef(d), vcovCR(d, did$firm, "CR1S"), 9)

# A panel with few large clusters, in which states are nested.
data(Produc, package = "plm")
pr <- save(transform(Produc[c("state", "year", "region", "pcap", "pc", "gsp", "emp", "unemp")],
                     region = paste0("r", region), south = as.numeric(region %in% 5:7)), "produc")
m <- lm(log(gsp) ~ log(pc) + log(emp) + unemp, pr, weights = emp)
V <- vcovCR(m, pr$region, "CR2"); logs <- c("log(pc)", "log(emp)", "unemp")
put("produc_wls_CR2", coef(m), V, coef_test(m, V)$df_Satt, called = c("intercept", logs))
m <- plm(log(gsp) ~ log(pc) + log(emp) + unemp, pr, index = c("state", "year"))
V <- vcovCR(m, pr$region, "CR2")
put("produc_within_CR2", coef(m), V, coef_test(m, V)$df_Satt, called = logs)
m <- plm(log(gsp) ~ log(pc) + log(emp) + unemp, pr, index = c("state", "year"), effect = "twoways")
V <- vcovCR(m, pr$region, "CR2")
put("produc_twoways_CR2", coef(m), V, coef_test(m, V)$df_Satt, called = logs)
put("produc_twoways_CR3", coef(m), vcovCR(m, pr$region, "CR3"), 8, called = logs)
d <- lm(log(gsp) ~ log(pc) + log(emp) + unemp + factor(state) + factor(year), pr, weights = emp)
put("produc_weighted", coef(d)[2:4], vcov(d)[2:4, 2:4], df.residual(d), called = logs)
put("produc_weighted_HC2", coef(d)[2:4], vcovHC(d, type = "HC2")[2:4, 2:4], df.residual(d),
    called = logs)
m <- plm(log(gsp) ~ log(pc) + log(emp) + unemp + south, pr, index = c("state", "year"),
         model = "random")
V <- vcovCR(m, pr$region, "CR2")
put("produc_random_CR2", coef(m), V, coef_test(m, V)$df_Satt, called = c("intercept", logs, "south"))
put("produc_random", coef(m), vcov(m), Inf, called = c("intercept", logs, "south"),
    sigma2 = unname(m$ercomp$sigma2))
gone <- pr[-seq(5, 800, 7), ]
gone <- save(gone[!(gone$state == "ALABAMA" & gone$year > 1975), ], "produc_unbalanced")
m <- plm(log(gsp) ~ log(pc) + log(emp) + unemp + south, gone, index = c("state", "year"),
         model = "random")
put("produc_random_unbalanced", coef(m), vcov(m), Inf, called = c("intercept", logs, "south"),
    sigma2 = unname(m$ercomp$sigma2))
pr$high <- as.numeric(pr$unemp > 6)
m <- glm(high ~ log(pc) + log(emp), binomial, pr, epsilon = 1e-14, maxit = 100)
V <- vcovCR(m, pr$region, "CR2")
put("produc_logit_CR2", coef(m), V, coef_test(m, V)$df_Satt, called = c("intercept", logs[1:2]))
# Deviations from the mean level with CR2: the last level and a contrast by linear_contrast.
b <- chick; b$Diet <- factor(b$Diet); contrasts(b$Diet) <- contr.sum(4)
m <- lm(weight ~ Time + Diet, b)
L <- rbind(c(0, 0, 1, 0, 0), c(0, 0, 0, 1, 0), c(0, 0, 0, 0, 1), c(0, 0, -1, -1, -1),
           c(0, 0, 1, -1, 0))
lc <- linear_contrast(m, "CR2", L, cluster = b$Chick, test = "Satterthwaite")
V <- L %*% vcovCR(m, b$Chick, "CR2") %*% t(L)
put("deviation_CR2", drop(L %*% coef(m)), V, lc$df,
    called = c(paste0("Diet.", 1:4), "first_minus_second"))

# ---------------------------------------------------------------- logits
inf <- save(infert, "infert")
m <- glm(case ~ age + spontaneous + induced, binomial, inf, epsilon = 1e-14, maxit = 100)
put("logit", coef(m), vcov(m), Inf, loglik = as.numeric(logLik(m)),
    called = c("intercept", "age", "spontaneous", "induced"))
called <- c("intercept", "age", "spontaneous", "induced")
for (t in c("HC0", "HC1", "HC3")) put(paste0("logit_", t), coef(m), vcovHC(m, type = t), Inf, called = called)
put("logit_CR0", coef(m), vcovCL(m, ~ stratum, type = "HC0", cadjust = FALSE), Inf, called = called)
put("logit_CR1", coef(m), vcovCL(m, ~ stratum, type = "HC0"), Inf, called = called)
put("logit_CR1S", coef(m), vcovCL(m, ~ stratum, type = "HC1"), Inf, called = called)
V <- vcovCR(m, inf$stratum, "CR2")
put("logit_CR2", coef(m), V, coef_test(m, V)$df_Satt, called = called)
eso <- esoph; eso$total <- eso$ncases + eso$ncontrols; eso$share <- eso$ncases / eso$total
eso <- save(eso, "esoph")
m <- glm(cbind(ncases, ncontrols) ~ factor(agegp, ordered = FALSE), binomial, eso, epsilon = 1e-14)
put("logit_grouped", coef(m), vcov(m), NULL,
    called = c("intercept", paste0("agegp.", levels(esoph$agegp)[-1])))
d <- cars; d$share <- (d$qsec - 14) / 10
d <- save(d[c("name", "share", "wt", "am", "carb")], "share")
m <- suppressWarnings(glm(share ~ wt + am, quasibinomial, d, epsilon = 1e-14, maxit = 100))
put("fractional", coef(m), vcov(m), df.residual(m))
put("fractional_HC0", coef(m), vcovHC(m, type = "HC0"), Inf)
put("fractional_CR1", coef(m), vcovCL(m, ~ carb, type = "HC0"), Inf)

# ---------------------------------------------------------------- ordered logit
house <- save(housing, "housing")
# polr stops early: it is started again where it ended.
again <- function(f, d, ...) {
  start <- NULL
  for (i in 1:8) {
    given <- if (is.null(start)) list() else list(start = start)
    m <- do.call(polr, c(list(f, d, Hess = TRUE, control = list(reltol = 1e-16, maxit = 1000)),
                         given, list(...)))
    start <- c(coef(m), m$zeta)
  }
  m
}
m <- again(Sat ~ Infl + Type + Cont, house, weights = house$Freq)
ord <- function(case, m, V = vcov(m)) put(case, c(coef(m), m$zeta), V, Inf,
  called = c(plain(names(coef(m))), paste0("threshold.", names(m$zeta))),
  loglik = as.numeric(logLik(m)))
ord("ordered", m)
d <- cars; d$gear <- factor(d$gear)
m <- again(gear ~ wt + qsec, d)
ord("ordered_cars", m)
put("ordered_CR1", c(coef(m), m$zeta), vcovCL(m, ~ carb), Inf,
    called = c(names(coef(m)), paste0("threshold.", names(m$zeta))))

# ordinal's clm ends in Newton steps: the same model to more digits, with an exact Hessian.
exact <- function(case, m) {
  own <- c(names(m$beta), names(m$alpha))
  put(case, coef(m)[own], vcov(m)[own, own], Inf,
      called = c(plain(names(m$beta)), paste0("threshold.", names(m$alpha))),
      loglik = as.numeric(logLik(m)))
}
strictly <- ordinal::clm.control(gradTol = 1e-10)
exact("clm", ordinal::clm(Sat ~ Infl + Type + Cont, data = house, weights = Freq,
                          control = strictly))
exact("clm_cars", ordinal::clm(gear ~ wt + qsec, data = d, control = strictly))

# ---------------------------------------------------------------- mixed models
sleep <- save(sleepstudy, "sleepstudy")
strict <- lmerControl(optimizer = "bobyqa", optCtrl = list(rhoend = 1e-12, maxfun = 1e5))
mixed <- function(case, f, d, REML = TRUE) {
  m <- lmer(f, d, REML = REML, control = strict)
  vc <- as.data.frame(VarCorr(m))
  put(case, fixef(m), as.matrix(vcov(m)), Inf, sdcor = vc$sdcor, sigma = sigma(m),
      loglik = as.numeric(logLik(m)))
  m
}
mixed("mixed_intercept", Reaction ~ Days + (1 | Subject), sleep)
m <- mixed("mixed_slope", Reaction ~ Days + (Days | Subject), sleep)
mixed("mixed_slope_ML", Reaction ~ Days + (Days | Subject), sleep, FALSE)
mixed("mixed_uncorrelated", Reaction ~ Days + (Days || Subject), sleep)
some <- save(sleep[-c(2, 3, 4, 5, 27, 28, 55, 81, 82, 83, 84, 85, 121, 150:157), ], "sleep_unbalanced")
m <- mixed("mixed_unbalanced", Reaction ~ Days + (Days | Subject), some)
put("mixed_CR0", fixef(m), vcovCR(m, type = "CR0"), Inf)
put("mixed_CR1", fixef(m), vcovCR(m, type = "CR1"), Inf)
put("mixed_CR3", fixef(m), vcovCR(m, type = "CR3"), Inf)
V <- vcovCR(m, type = "CR2"); put("mixed_CR2", fixef(m), V, coef_test(m, V)$df_Satt)
mixed("mixed_chick", weight ~ Time * Diet + (Time | Chick), chick)
mixed("mixed_two_slopes", weight ~ Time + (Time + sq | Chick), chick)
mixed("mixed_diet_ML", weight ~ Time + Diet + (1 | Chick), chick, FALSE)

write_json(result, file.path(here, "fit_reference.json"), digits = NA, auto_unbox = FALSE,
           pretty = FALSE)
