# Change of coefficients between nested regressions: Gelbach (2016) by brute force.
# Every regression (short on own rows, short on the rows of the long one, long, and each added
# column on the short one's columns) is fitted by lm; their influences are stacked and summed by
# cluster, and the parts are differentiated by hand.
#
# Rscript tests/reference/gelbach_reference.R tests/reference/surveys.csv tests/reference/gelbach_reference.json
library(jsonlite)
args <- commandArgs(trailingOnly = TRUE)
d <- read.csv(args[1], stringsAsFactors = FALSE)
d <- d[!is.na(d$score), ]
d$country <- factor(d$country)
contrasts(d$country) <- contr.sum(nlevels(d$country))
d$woman <- as.numeric(d$sex == "woman")
d$is_stranded <- as.numeric(d$stranded == "yes")
people <- sort(unique(d$returnee_id))
common <- d[!is.na(d$age), ]
short_formula <- ~ country + assistance_training
added <- list(assistance = "assistance_microbusiness", time = "months_since_return",
              person = c("age", "is_stranded", "woman"))
d$months_since_return <- d$months
common$months_since_return <- common$months

influence_of <- function(model, who) {
  x <- model.matrix(model)
  scores <- (x * residuals(model)) %*% solve(crossprod(x))
  sums <- rowsum(scores, who)
  whole <- matrix(0, length(people), ncol(scores))
  whole[match(rownames(sums), people), ] <- sums
  whole
}
own <- lm(update(short_formula, score ~ .), d)
base <- lm(update(short_formula, score ~ .), common)
names2 <- unlist(added, use.names = FALSE)
full <- lm(reformulate(c("country", "assistance_training", names2), "score"), common)
gamma <- lapply(names2, function(v) lm(update(short_formula, as.formula(paste(v, "~ ."))), common))
names(gamma) <- names2

k <- length(coef(base))
p <- length(coef(full))
i_own <- influence_of(own, d$returnee_id)
i_base <- influence_of(base, common$returnee_id)
i_full <- influence_of(full, common$returnee_id)
i_gamma <- lapply(gamma, influence_of, who = common$returnee_id)

n <- nrow(common)
g <- length(people)
factor1s <- g / (g - 1) * (n - 1) / (n - p)

countries <- levels(d$country)
combine <- list()
for (j in seq_along(countries)) {
  w <- rep(0, k)
  w[2:(k - 1)] <- contrasts(d$country)[j, ]
  combine[[paste0("country.", countries[j])]] <- w
}
combine$training <- c(rep(0, k - 1), 1)

part <- function(change, influence, w) {
  list(estimate = sum(w * change),
       CR0 = sqrt(sum((influence %*% w)^2)),
       CR1S = sqrt(factor1s * sum((influence %*% w)^2)))
}
result <- list()
for (term in names(combine)) {
  w <- combine[[term]]
  parts <- list(
    total = part(coef(full)[1:k] - coef(own), i_full[, 1:k] - i_own, w),
    other_rows = part(coef(base) - coef(own), i_base - i_own, w),
    other_controls = part(coef(full)[1:k] - coef(base), i_full[, 1:k] - i_base, w))
  for (name in names(added)) {
    change <- rep(0, k)
    influence <- matrix(0, length(people), k)
    for (v in added[[name]]) {
      b <- coef(full)[v]
      at <- which(names(coef(full)) == v)
      change <- change - coef(gamma[[v]]) * b
      influence <- influence - i_gamma[[v]] * b - i_full[, at] %o% coef(gamma[[v]])
    }
    parts[[name]] <- part(change, influence, w)
  }
  result[[term]] <- parts
}
write_json(result, args[2], auto_unbox = TRUE, digits = NA, pretty = TRUE)
