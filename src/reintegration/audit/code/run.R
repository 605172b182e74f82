# Runs the R code of specifications and writes what it found.
#
#   Rscript run.R LIST OUT
#
# LIST holds a script per line and OUT becomes a CSV: script, engine, covariance, term, estimate,
# std_error, problem. A covariance that fails leaves the others of its script standing, and a
# script that fails the other scripts. A table is read once, however many scripts read it.
arguments <- commandArgs(trailingOnly = TRUE)
scripts <- readLines(arguments[1], encoding = "UTF-8")
options(warn = -1)
tables <- new.env()
read_once <- function(file, ...) {
  key <- paste(c(normalizePath(file), deparse(list(...))), collapse = " ")
  if (is.null(tables[[key]])) assign(key, utils::read.csv(file, ...), tables)
  tables[[key]]
}
of_call <- function(e, name) is.call(e) && identical(e[[1]], as.name(name))
digits <- function(x) ifelse(is.na(x), "", format(as.numeric(x), digits = 17, trim = TRUE))
rows <- list()
put <- function(script, engine, covariance = "", term = "", estimate = NA, std_error = NA,
                problem = "")
  rows[[length(rows) + 1]] <<- data.frame(
    script = script, engine = engine, covariance = covariance, term = term,
    estimate = digits(estimate), std_error = digits(std_error), problem = problem)
attached <- character()
random_part <- function(model) {
  if (inherits(model, "merMod")) {
    found <- as.data.frame(lme4::VarCorr(model))
    own <- ifelse(is.na(found$var1), "sd.residual", ifelse(
      is.na(found$var2), paste("sd", found$var1, sep = "\t"),
      paste("correlation", found$var1, found$var2, sep = "\t")))
    return(setNames(found$sdcor, own))
  }
  if (inherits(model, "plm") && !is.null(model$ercomp))
    return(setNames(model$ercomp$sigma2, c("variance.idiosyncratic", "variance.groups")))
  NULL
}
for (script in scripts) {
  R <- paste0("R ", R.version$major, ".", R.version$minor)
  engine <- R
  code <- tryCatch(parse(script, keep.source = FALSE, encoding = "UTF-8"), error = identity)
  if (inherits(code, "error")) {
    put(script, engine, problem = conditionMessage(code))
    next
  }
  wanted <- unlist(lapply(code, function(e) if (of_call(e, "library")) as.character(e[[2]])))
  lacking <- setdiff(wanted, rownames(installed.packages(noCache = FALSE)))
  if (length(lacking)) {
    put(script, engine, problem = paste("package not installed:", paste(lacking, collapse = ", ")))
    next
  }
  for (package in setdiff(attached, wanted))   # ordinal and lme4 share names
    try(detach(paste0("package:", package), character.only = TRUE), silent = TRUE)
  suppressPackageStartupMessages(lapply(wanted, library, character.only = TRUE))
  attached <- wanted
  with_packages <- vapply(wanted, function(p) paste(p, getNamespaceVersion(p)), "")
  if (length(with_packages))
    engine <- paste(R, "with", paste(with_packages, collapse = ", "))
  place <- new.env(parent = globalenv())
  assign("read.csv", read_once, place)
  before <- setwd(dirname(script))
  sink(nullfile())
  problem <- ""
  for (e in code) {
    if (of_call(e, "library")) next
    failed <- tryCatch({ suppressMessages(eval(e, place)); NULL }, error = conditionMessage)
    if (is.null(failed)) next
    if (of_call(e, "<-") && of_call(e[[2]], "[[") && identical(e[[2]][[2]], as.name("V"))) {
      put(script, engine, eval(e[[2]][[3]]), problem = failed)
    } else {
      problem <- failed
      break
    }
  }
  sink()
  setwd(before)
  if (nzchar(problem)) {
    put(script, engine, problem = problem)
    next
  }
  found <- place$results
  if (is.null(found) || !nrow(found)) next
  put(script, engine, found$covariance, found$term, found$estimate, found$std_error)
  random <- random_part(place$model)
  if (length(random)) put(script, engine, "", names(random), random)
}
utils::write.csv(do.call(rbind, rows), arguments[2], row.names = FALSE, fileEncoding = "UTF-8")
