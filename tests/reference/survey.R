# Reference numbers of R's survey package. Run in this folder: Rscript survey.R > survey.csv
suppressMessages(library(survey))
cat(sprintf("# %s, survey %s\n", R.version.string, packageVersion("survey")))
cat("case,estimate,se,low,high,df\n")
say <- function(case, x, design, value = 1) {
  e <- coef(x)[[value]]; s <- SE(x)[[value]]; d <- degf(design)
  ci <- e + c(-1, 1) * qt(.975, d) * s
  cat(paste(c(case, sprintf("%.15g", c(e, s, ci, d))), collapse = ","), "\n", sep = "")
}
a <- read.csv("stratified.csv")
fpc <- svydesign(ids = ~1, strata = ~h, weights = ~w, fpc = ~N, data = a)
none <- svydesign(ids = ~1, strata = ~h, weights = ~w, data = a)
seen <- function(d) subset(d, !is.na(y))
say("mean fpc", svymean(~y, fpc, na.rm = TRUE), seen(fpc))
say("mean none", svymean(~y, none, na.rm = TRUE), seen(none))
say("total fpc", svytotal(~y, fpc, na.rm = TRUE), seen(fpc))
say("total none", svytotal(~y, none, na.rm = TRUE), seen(none))
for (v in 1:5) say(paste("share", v), svymean(~I(as.numeric(q == v)), fpc), fpc)
for (l in c("f", "m")) say(paste("mean", l), svymean(~y, subset(seen(fpc), g == l)), subset(seen(fpc), g == l))
for (l in c("A", "B", "C")) say(paste("mean", l), svymean(~y, subset(seen(fpc), h == l)), subset(seen(fpc), h == l))
simple <- svydesign(ids = ~1, data = a)
say("mean simple", suppressWarnings(svymean(~y, simple, na.rm = TRUE)), subset(simple, !is.na(y)))
b <- read.csv("clustered.csv")
cl <- svydesign(ids = ~psu, strata = ~h, weights = ~w, fpc = ~M, data = b)
cl0 <- svydesign(ids = ~psu, strata = ~h, weights = ~w, data = b)
say("cluster mean fpc", svymean(~y, cl), cl)
say("cluster mean none", svymean(~y, cl0), cl0)
say("cluster total fpc", svytotal(~y, cl), cl)
say("cluster mean U", svymean(~y, subset(cl, h == "U")), subset(cl, h == "U"))
say("cluster mean q3", svymean(~y, subset(cl, q == 3)), subset(cl, q == 3))
for (v in 2:4) say(paste("cluster share", v), svymean(~I(as.numeric(q == v)), cl), cl)

# Two stages, each with its correction
options(survey.lonely.psu = "adjust")
t <- read.csv("two_stage.csv")
two <- svydesign(ids = ~psu + seq_len(nrow(t)), strata = ~h, weights = ~w, fpc = ~M + staff, data = t)
say("two-stage mean", svymean(~y, two), two)
say("two-stage total", svytotal(~hours, two), two)
say("two-stage ratio", svyratio(~y, ~hours, two), two)
say("two-stage mean U", svymean(~y, subset(two, h == "U")), subset(two, h == "U"))
for (v in 2:4) say(paste("two-stage share", v), svymean(~I(as.numeric(q == v)), two), two)
# Quantiles
quant <- function(case, design, p) {
  x <- svyquantile(~y, design, quantiles = p, interval.type = "mean", qrule = "math", df = degf(design))[[1]]
  cat(paste(c(case, sprintf("%.15g", c(x[1, 1], x[1, 4], x[1, 2], x[1, 3], degf(design)))), collapse = ","), "\n", sep = "")
}
for (p in c(.25, .5, .75)) quant(paste("quantile", p), seen(fpc), p)
quant("cluster median", cl, .5)
quant("two-stage median", two, .5)
for (l in c("f", "m")) quant(paste("median", l), subset(seen(fpc), g == l), .5)
# Korn and Graubard, not truncated
beta <- function(case, design, v) {
  x <- svyciprop(bquote(~I(q == .(v))), design, method = "beta")
  ci <- attr(x, "ci")
  cat(paste(c(case, sprintf("%.15g", c(x[[1]], sqrt(attr(x, "var")), ci, degf(design)))), collapse = ","), "\n", sep = "")
}
for (v in 2:5) beta(paste("beta", v), fpc, v)
for (v in 2:4) beta(paste("cluster beta", v), cl, v)
# Raked weights: the variance of the residuals
r <- read.csv("stratified.csv")
whole <- svydesign(ids = ~1, weights = ~I(80 / 65), fpc = ~rep(80, 65), data = r)
raked <- calibrate(whole, ~h + g, c(`(Intercept)` = 80, hB = 25, hC = 15, gm = 44), calfun = "raking", epsilon = 1e-13, maxit = 200)
say("raked mean", svymean(~y, raked, na.rm = TRUE), seen(raked))
say("raked total", svytotal(~y, raked, na.rm = TRUE), seen(raked))
for (v in 2:4) say(paste("raked share", v), svymean(~I(as.numeric(q == v)), raked), raked)
f <- svyratio(~I(ifelse(is.na(y), 0, y) * (g == "f")), ~I(as.numeric(g == "f" & !is.na(y))), raked)  # the mean of a domain
say("raked mean f", f, subset(simple, g == "f" & !is.na(y)))
# Change, the person as a cluster
p <- read.csv("waves.csv")
change <- function(case, data, weights) {
  d <- svydesign(ids = ~person, strata = ~h, weights = ~w, data = data)
  m <- svyby(~y, ~wave, d, svymean, covmat = TRUE)
  x <- svycontrast(m, weights)
  e <- coef(x)[[1]]; s <- SE(x)[[1]]; df <- degf(d)
  cat(paste(c(case, sprintf("%.15g", c(e, s, e + c(-1, 1) * qt(.975, df) * s, df))), collapse = ","), "\n", sep = "")
}
change("change 2025-2027", subset(p, wave < 2030), c(-1, 1))
change("change 2025-2030", subset(p, wave != 2027), c(-1, 1))
change("slope 1", subset(p, wave < 2030), c(-1, 1) / 2)
change("slope 2", subset(p, wave > 2025), c(-1, 1) / 3)
change("difference of slopes", p, c(1 / 2, -1 / 2 - 1 / 3, 1 / 3))
change("slope of three", p, (c(2025, 2027, 2030) - 6082 / 3) / sum((c(2025, 2027, 2030) - 6082 / 3)^2))
