# Reference numbers for paired answers. Run in this folder: Rscript paired.R > paired.csv
suppressMessages({library(coin); library(survey)})
cat(sprintf("# %s, coin %s, survey %s\n", R.version.string, packageVersion("coin"), packageVersion("survey")))
cat("case,value\n")
say <- function(case, ...) {
  x <- c(...)
  name <- if (is.null(names(x)) || length(x) == 1) case else paste(case, names(x))
  cat(paste0(name, ",", sprintf("%.15g", x), "\n"), sep = "")
}
quiet <- suppressWarnings

# Depression before and after (R's own help page of wilcox.test; Hollander and Wolfe 1973)
before <- c(1.83, .50, 1.62, 2.48, 1.68, 1.88, 1.55, 3.06, 1.30)
after <- c(.878, .647, .598, 2.05, 1.06, 1.29, 1.06, 3.14, 1.29)
w <- wilcox.test(before, after, paired = TRUE, conf.int = TRUE)
say("depression", V = w$statistic[[1]], p = w$p.value, estimate = w$estimate[[1]], low = w$conf.int[1], high = w$conf.int[2])

# 72 people on a scale of 1 to 5: the answers are a formula, so that every program has the same
i <- 1:72
x <- 1 + (i^2 + 3 * i) %% 5 * (i %% 3 != 0) + (i %% 4) * (i %% 3 == 0)
y <- pmin(5, pmax(1, x + c(0, 1, 0, 2, -1, 1, 0, 1, -2, 0, 1)[i %% 11 + 1]))
d <- y - x
for (correct in c(TRUE, FALSE)) {
  w <- quiet(wilcox.test(y, x, paired = TRUE, conf.int = TRUE, exact = FALSE, correct = correct))
  say(paste("wilcox", correct), V = w$statistic[[1]], p = w$p.value, estimate = w$estimate[[1]], low = w$conf.int[1], high = w$conf.int[2])
}
for (zeros in c("Pratt", "Wilcoxon")) {
  say(paste("coin", zeros, "p"), pvalue(wilcoxsign_test(y ~ x, zero.method = zeros)))
  say(paste("coin exact", zeros, "p"), pvalue(wilcoxsign_test(y ~ x, zero.method = zeros, distribution = exact())))
}
b <- binom.test(sum(d > 0), sum(d != 0))
say("sign", statistic = b$statistic[[1]], p = b$p.value, estimate = b$estimate[[1]], low = b$conf.int[1], high = b$conf.int[2])
t <- t.test(y, x, paired = TRUE)
say("t", statistic = t$statistic[[1]], df = t$parameter[[1]], p = t$p.value, estimate = t$estimate[[1]], low = t$conf.int[1], high = t$conf.int[2])
m <- svymean(~d, svydesign(ids = ~1, weights = ~I(80 / 72 + 0 * d), fpc = ~rep(80, 72), data = data.frame(d)))
ci <- confint(m, df = 71)
say("t of 80", statistic = coef(m)[[1]] / SE(m)[[1]], p = 2 * pt(-abs(coef(m)[[1]] / SE(m)[[1]]), 71), low = ci[1], high = ci[2])
# effectsize::cohens_d(paired = TRUE): noncentral t
stat <- mean(d) / sd(d) * sqrt(72)
ncp <- function(below) uniroot(function(n) pt(stat, 71, n) - below, stat + c(-5, 5), tol = 1e-13)$root / sqrt(72)
say("dz", estimate = mean(d) / sd(d), low = ncp(.975), high = ncp(.025))
# effectsize::rank_biserial(paired = TRUE), its formula
k <- d[d != 0]; r <- rank(abs(k)); n <- length(k); total <- n * (n + 1) / 2
rb <- (sum(r[k > 0]) - sum(r[k < 0])) / total
se <- sqrt((2 * n^3 + 3 * n^2 + n) / 6) / total
say("rank-biserial", estimate = rb, low = tanh(atanh(rb) - qnorm(.975) * se), high = tanh(atanh(rb) + qnorm(.975) * se))
for (part in c("improved", "same", "worse")) {
  count <- sum(switch(part, improved = d > 0, same = d == 0, worse = d < 0))
  ci <- prop.test(count, 72, correct = FALSE)$conf.int
  say(part, low = ci[1], high = ci[2])
}

# Square tables: chi-squared, df, p
bhapkar <- function(t) {
  n <- sum(t); k <- nrow(t); p <- t / n
  d <- (rowSums(p) - colSums(p))[-k]
  v <- -(p + t(p)) - outer(rowSums(p) - colSums(p), rowSums(p) - colSums(p))
  diag(v) <- rowSums(p) + colSums(p) - 2 * diag(p) - (rowSums(p) - colSums(p))^2
  n * drop(d %*% solve(v[-k, -k], d))
}
tables <- list(
  stuart = matrix(c(1520, 266, 124, 66, 234, 1512, 432, 78, 117, 362, 1772, 205, 36, 82, 179, 492), 4, byrow = TRUE),
  likert = unclass(table(factor(x, 1:5), factor(y, 1:5)))
)
for (name in names(tables)) {
  t <- tables[[name]]; k <- nrow(t)
  pairs <- which(upper.tri(t) & t + t(t) > 0)
  bowker <- sum((t - t(t))[pairs]^2 / (t + t(t))[pairs])
  if (name == "stuart") stopifnot(all.equal(bowker, mcnemar.test(t)$statistic[[1]]))
  say(paste(name, "bowker"), statistic = bowker, df = length(pairs), p = pchisq(bowker, length(pairs), lower.tail = FALSE))
  mh <- mh_test(as.table(unname(t)))
  say(paste(name, "stuart-maxwell"), statistic = statistic(mh)[[1]], df = mh@statistic@df, p = pvalue(mh)[[1]])
  s <- bhapkar(t)
  say(paste(name, "bhapkar"), statistic = s, df = k - 1, p = pchisq(s, k - 1, lower.tail = FALSE))
}

# Approval of the prime minister (R's help page of mcnemar.test; Agresti 1990)
approval <- matrix(c(794, 86, 150, 570), 2)
top <- table(factor(x >= 4), factor(y >= 4))
for (name in c("approval", "top")) {
  t <- if (name == "approval") approval else top
  b <- t[1, 2]; c <- t[2, 1]; n <- sum(t)
  plain <- mcnemar.test(t, correct = FALSE); corrected <- mcnemar.test(t)
  exact <- binom.test(b, b + c)$p.value
  say(paste(name, "mcnemar"), chi2 = plain$statistic[[1]], chi2_p = plain$p.value, corrected = corrected$statistic[[1]],
      corrected_p = corrected$p.value, exact_p = exact, midp_p = exact - dbinom(b, b + c, .5))
  up <- (b + 1) / (n + 2); down <- (c + 1) / (n + 2)
  half <- qnorm(.975) * sqrt((up + down - (up - down)^2) / (n + 2))
  say(paste(name, "bonett-price"), low = up - down - half, high = up - down + half)
  # Newcombe (1998), method 10
  p2 <- (t[1, 2] + t[2, 2]) / n; p1 <- (t[2, 1] + t[2, 2]) / n
  w1 <- prop.test(p1 * n, n, correct = FALSE)$conf.int; w2 <- prop.test(p2 * n, n, correct = FALSE)$conf.int
  cross <- t[1, 1] * t[2, 2] - t[1, 2] * t[2, 1]
  if (cross > 0) cross <- max(cross - n / 2, 0)
  phi <- cross / sqrt(prod(as.numeric(c(rowSums(t), colSums(t)))))
  reach <- function(u, v) sqrt(u^2 - 2 * phi * u * v + v^2)
  say(paste(name, "newcombe"), low = p2 - p1 - reach(p2 - w2[1], w1[2] - p1), high = p2 - p1 + reach(w2[2] - p2, p1 - w1[1]))
}

# Net change of 14 people, of whom 10 were asked: 4 rose, 2 fell; every possible rest, every possible sample
chance <- function(U, D, N, n, hold) {
  total <- 0
  for (u in 0:n) for (f in 0:(n - u)) if (hold(u - f)) total <- total + choose(U, u) * choose(D, f) * choose(N - U - D, n - u - f)
  total / choose(N, n)
}
kept <- c(); p <- 0
for (U in 4:8) for (D in 2:(6 - (U - 4))) {
  tail <- min(chance(U, D, 14, 10, function(s) s >= 2), chance(U, D, 14, 10, function(s) s <= 2))
  if (tail > .025) kept <- c(kept, (U - D) / 14)
  if (U == D) p <- max(p, min(1, 2 * tail))
}
say("net of 14", p = p, low = min(kept), high = max(kept))

# The smallest change that is found four times out of five
for (n in c(10, 40, 72)) say(paste("dz found", n), power.t.test(n, sd = 1, power = .8, type = "paired", strict = TRUE, tol = 1e-13)$delta)
net <- function(n, change, moves) sum(sapply(0:n, function(m) {
  up <- 0:m
  rejected <- if (m == 0) FALSE else sapply(up, function(u) binom.test(u, m)$p.value <= .05)
  dbinom(m, n, moves) * sum(dbinom(up, m, (moves + change) / (2 * moves))[rejected])
}))
for (n in c(40, 72)) for (change in c(.1, .2)) say(sprintf("power net %d %g", n, change), net(n, change, .3))
