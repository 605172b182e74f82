"""Parts that R scripts have in common."""

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

LEFT_OUT = """\
# CR3. clubSandwich inverts I - H of every cluster, which has no inverse where one cluster alone
# tells a coefficient, as its own dummy does. There the model is fitted again without each
# cluster, and the changes of the coefficients are squared and summed: the same, where both are.
cr3 <- function(model, g, called = names(coef(model))[!is.na(coef(model))], of = model) {
  X <- model.matrix(model)[, !is.na(coef(model)), drop = FALSE]
  e <- model$residuals
  w <- if (is.null(model$weights)) rep(1, length(e)) else model$weights
  own <- split(seq_along(e), as.character(g))
  factors <- qr(sqrt(w) * X)
  Q <- qr.Q(factors)
  alone <- do.call(cbind, lapply(own, function(i) {
    parts <- svd(Q[i, , drop = FALSE], nu = 0)
    parts$v[, parts$d^2 > 1 - 1e-9, drop = FALSE]
  }))
  if (!ncol(alone)) {
    V <- as.matrix(vcovCR(of, cluster = g, type = "CR3"))
    dimnames(V) <- list(called, called)
    return(V)
  }
  changes <- vapply(own, function(i) {
    change <- lm.wfit(X[-i, , drop = FALSE], e[-i], w[-i])$coefficients
    replace(change, is.na(change), 0)
  }, numeric(ncol(X)))
  V <- tcrossprod(matrix(changes, ncol(X)))
  all <- backsolve(qr.R(factors), diag(ncol(X)))
  dimnames(V) <- list(called, called)
  rownames(all) <- called
  structure(V, all = all, alone = all %*% alone)
}
"""

TABLE = """\
# Estimates and standard errors. A number that needs an aliased column is not there.
kept <- names(b)[!is.na(b)]
told <- rowSums(L[, !colnames(L) %in% kept, drop = FALSE] != 0) == 0
L <- L[told, kept, drop = FALSE]
results <- do.call(rbind, lapply(names(V), function(name) {
  variance <- as.matrix(V[[name]])[kept, kept, drop = FALSE]
  error <- sqrt(diag(L %*% variance %*% t(L)))
  data.frame(covariance = name, term = rownames(L), estimate = drop(L %*% b[kept]),
             std_error = error, row.names = NULL)
}))
print(results, digits = 8, row.names = FALSE)
"""


def table(leaves_out: bool) -> str:
    """Write what makes the table; with CR3, what one cluster alone tells has no error."""
    if not leaves_out:
        return TABLE
    made = "  error <- sqrt(diag(L %*% variance %*% t(L)))\n"
    return TABLE.replace(made, made + _ALONE)


_ALONE = """\
  if (!is.null(alone <- attr(V[[name]], "alone"))) {  # what one cluster alone tells
    own <- L[, rownames(alone), drop = FALSE]
    none <- rowSums((own %*% alone)^2) > 1e-12 * rowSums((own %*% attr(V[[name]], "all"))^2)
    error[none] <- NA
  }
"""
