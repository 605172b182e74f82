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
