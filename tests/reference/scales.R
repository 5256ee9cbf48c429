# Reliability of a scale. Run in this folder: Rscript scales.R > scales.csv
suppressMessages({library(psych); library(MASS)})
cat(sprintf("# %s, psych %s, MASS %s\n", R.version.string, packageVersion("psych"), packageVersion("MASS")))
cat("case,value\n")
say <- function(case, x) cat(sprintf("%s,%.15g\n", case, x), sep = "")
d <- read.csv("scale.csv")
for (w in c(2025, 2027)) {
  x <- d[d$wave == w, c("a", "b", "c", "e", "f")]
  al <- alpha(x, warnings = FALSE)
  say(paste(w, "alpha"), al$total$raw_alpha)
  say(paste(w, "standardised"), al$total$std.alpha)
  ci <- alpha.ci(al$total$raw_alpha, n.obs = nrow(x), n.var = 5)
  say(paste(w, "low"), ci$lower.ci); say(paste(w, "high"), ci$upper.ci)
  say(paste(w, "item-rest", names(x)), al$item.stats$r.drop)
  say(paste(w, "alpha without", names(x)), al$alpha.drop$raw_alpha)
  for (fm in c("ml", "minres")) {
    o <- suppressMessages(suppressWarnings(omega(x, nfactors = 1, fm = fm, plot = FALSE)))
    say(paste(w, "omega", fm), o$omega.tot)
    say(paste(w, "loading", fm, names(x)), abs(as.numeric(fa(x, 1, fm = fm)$loadings)))
  }
}
for (i in c("a", "b", "c", "e", "f")) {
  d$rest <- rowSums(d[, setdiff(c("a", "b", "c", "e", "f"), i)])
  d$y <- factor(d[[i]]); d$later <- as.numeric(d$wave == 2027)
  fine <- list(reltol = 1e-15, maxit = 1000)
  one <- polr(y ~ rest + later, d, control = fine); none <- polr(y ~ rest, d, control = fine)
  say(paste("drift", i), coef(one)[["later"]])
  say(paste("drift p", i), pchisq(as.numeric(2 * (logLik(one) - logLik(none))), 1, lower.tail = FALSE))
}
