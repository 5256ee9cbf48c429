# Reference numbers for odds.py and trend.py. Run in this folder: Rscript models.R > models.csv
suppressMessages({
  library(survey); library(MASS); library(ordinal); library(geepack); library(nlme); library(clubSandwich)
})
options(survey.lonely.psu = "adjust")
cat("# ", R.version.string, sep = "")
for (name in c("survey", "MASS", "ordinal", "geepack", "nlme", "clubSandwich"))
  cat(", ", name, " ", as.character(packageVersion(name)), sep = "")
cat("\ncase,term,estimate,se,df,p\n")
say <- function(case, term, ...) {
  values <- c(..., rep(NA, 4))[1:4]
  cat(case, ",", term, ",", paste(ifelse(is.na(values), "", sprintf("%.15g", values)), collapse = ","), "\n", sep = "")
}

# --- proportional odds
a <- read.csv("ordinal.csv")
a$f <- factor(a$q)
tight <- clm.control(gradTol = 1e-12, maxIter = 200)
polr_fit <- polr(f ~ role + x, data = a, Hess = TRUE, control = list(reltol = 1e-15))
for (t in names(coef(polr_fit))) say("polr", t, coef(polr_fit)[[t]], sqrt(diag(vcov(polr_fit)))[[t]])
clm_fit <- clm(f ~ role + x, data = a, control = tight)
for (t in c("roleteacher", "rolelead", "x", "1|2", "2|3", "3|4", "4|5"))
  say("clm", t, coef(clm_fit)[[t]], sqrt(diag(vcov(clm_fit)))[[t]], Inf,
      2 * pnorm(-abs(coef(clm_fit)[[t]] / sqrt(diag(vcov(clm_fit)))[[t]])))
say("clm", "loglik", as.numeric(logLik(clm_fit)))
lr <- nominal_test(clm(f ~ role + x, data = a))
for (t in c("role", "x")) say("nominal_test", t, lr[t, "LRT"], NA, lr[t, "Df"], lr[t, "Pr(>Chi)"])
both <- anova(clm_fit, clm(f ~ 1, nominal = ~ role + x, data = a, control = tight))
say("nominal_test", "all", both$LR.stat[2], NA, both$df[2], both[["Pr(>Chisq)"]][2])

# predicted shares and their standard errors (delta method, derivatives by central differences)
shares <- function(par, x) {
  zeta <- par[1:4]; eta <- sum(par[5:7] * x)
  diff(c(0, plogis(zeta - eta), 1))
}
par <- coef(clm_fit)[c("1|2", "2|3", "3|4", "4|5", "rolelead", "roleteacher", "x")]
V <- vcov(clm_fit)[names(par), names(par)]
points <- list(admin = c(0, 0, .5), lead = c(1, 0, .5), teacher = c(0, 1, .5))
for (p in names(points)) {
  by_clm <- predict(clm_fit, newdata = data.frame(role = p, x = .5), type = "prob")$fit
  J <- sapply(1:7, function(i) {
    h <- 1e-5 * (seq_along(par) == i)
    (shares(par + h, points[[p]]) - shares(par - h, points[[p]])) / 2e-5
  })
  se <- sqrt(diag(J %*% V %*% t(J)))
  for (k in 1:5) say(paste("predict", p), k, by_clm[k], se[k])
}

# design-based: svyolr as it stands, and its recipe about clm's sharper optimum
designs <- list(
  "weights" = svydesign(ids = ~1, weights = ~w, data = a),
  "strata" = svydesign(ids = ~1, strata = ~h, weights = ~w, data = a),
  "clusters" = svydesign(ids = ~psu, weights = ~w, data = a),
  "strata clusters" = svydesign(ids = ~psu, strata = ~h, weights = ~w, data = a),
  "strata clusters fpc" = svydesign(ids = ~psu, strata = ~h, weights = ~w, fpc = ~M, data = a)
)
for (name in names(designs)) {
  d <- designs[[name]]
  fit <- svyolr(f ~ role + x, d, control = list(reltol = 1e-15))
  for (t in c("roleteacher", "rolelead", "x"))
    say(paste("svyolr", name), t, coef(fit)[[t]], SE(fit)[[t]], fit$df.residual)
  for (t in c("1|2", "2|3", "3|4", "4|5"))
    say(paste("svyolr", name), t, fit$zeta[[t]], SE(fit)[[t]], fit$df.residual)
}

# Brant's test, design-based: separate binary logits, their stacked influence functions in svyrecvar
answered <- subset(designs[["strata clusters"]], !is.na(q))
s <- a[!is.na(a$q), ]
X <- model.matrix(~ role + x, s)
fits <- lapply(1:4, function(j) {
  g <- suppressWarnings(glm.fit(X, as.numeric(s$q > j), s$w, family = binomial(), control = list(epsilon = 1e-14)))
  W <- s$w * g$fitted.values * (1 - g$fitted.values)
  list(b = g$coefficients, e = (X * (s$w * ((s$q > j) - g$fitted.values))) %*% solve(t(X) %*% (W * X)))
})
brant <- function(columns) {
  d <- unlist(lapply(2:4, function(j) fits[[j]]$b[columns] - fits[[1]]$b[columns]))
  e <- do.call(cbind, lapply(2:4, function(j) fits[[j]]$e[, columns] - fits[[1]]$e[, columns]))
  V <- svyrecvar(e, answered$cluster, answered$strata, answered$fpc)
  q <- length(d); df <- degf(answered)
  F <- sum(d * solve(V, d)) / q * (df - q + 1) / df
  c(F, q, df - q + 1, pf(F, q, df - q + 1, lower.tail = FALSE))
}
for (t in list(list("role", 2:3), list("x", 4), list("all", 2:4))) {
  r <- brant(t[[2]]); say("brant strata clusters", t[[1]], r[1], NA, r[3], r[4])
}

# McCullagh and Nelder's cheeses (1989, p. 175): a frequency table
cheese <- data.frame(cheese = rep(c("A", "B", "C", "D"), each = 9), taste = factor(rep(1:9, 4)), n = c(
  0, 0, 1, 7, 8, 8, 19, 8, 1,  6, 9, 12, 11, 7, 6, 1, 0, 0,
  1, 1, 6, 8, 23, 7, 5, 1, 0,  0, 0, 0, 1, 3, 7, 14, 16, 11))
tasted <- clm(taste ~ cheese, weights = n, data = cheese, control = tight)
for (t in names(coef(tasted))) say("cheese", t, coef(tasted)[[t]], sqrt(diag(vcov(tasted)))[[t]])

# Randall's bitterness of wine (1989), which ships with ordinal: no warm wine has the lowest rating
bitter <- clm(rating ~ temp + contact, data = wine)
for (t in names(coef(bitter))) say("wine", t, coef(bitter)[[t]], sqrt(diag(vcov(bitter)))[[t]])
lr <- nominal_test(bitter)
for (t in c("temp", "contact")) say("wine nominal_test", t, lr[t, "LRT"], NA, lr[t, "Df"], lr[t, "Pr(>Chi)"])

# --- trend
b <- read.csv("panel.csv")
b <- b[order(b$person, b$wave), ]
b$f <- factor(b$wave); b$one <- 1
b$id <- as.integer(factor(b$person))
L <- rbind("mean 2025" = c(1, 0, 0, 0), "mean 2026" = c(0, 1, 0, 0), "mean 2027" = c(0, 0, 1, 0),
           "mean 2030" = c(0, 0, 0, 1), "phase 1" = c(-1, 0, 1, 0) / 2, "phase 2" = c(0, 0, -1, 1) / 3,
           "phase 2 - phase 1" = c(3, 0, -5, 2) / 6)
gee <- function(case, weight, correlation) {
  b$weight <- b[[weight]]
  g <- geeglm(y ~ 0 + f, id = id, data = b, weights = weight, corstr = correlation,
              control = geese.control(epsilon = 1e-13, maxit = 500))
  for (r in rownames(L)) say(case, r, sum(L[r, ] * coef(g)), sqrt(sum(L[r, ] * (vcov(g) %*% L[r, ]))))
  if (correlation == "exchangeable") say(case, "correlation", g$geese$alpha)
  g
}
club <- function(case, fit, ...) {
  V <- vcovCR(fit, cluster = b$person, type = "CR2", ...)
  for (r in rownames(L)) {
    t <- Wald_test(fit, constraints = L[r, , drop = FALSE], vcov = V, test = "HTZ") # one contrast: Satterthwaite's df
    say(case, r, sum(L[r, ] * coef(fit)), sqrt(sum(L[r, ] * (V %*% L[r, ]))), t$df_denom, t$p_val)
  }
}
invisible(gee("geeglm", "one", "independence"))
invisible(gee("geeglm weights", "w", "independence"))
exchangeable <- gee("geeglm exchangeable", "one", "exchangeable")
invisible(gee("geeglm exchangeable weights", "w", "exchangeable"))
club("CR2", lm(y ~ 0 + f, data = b))
club("CR2 weights", lm(y ~ 0 + f, data = b, weights = w))
club("CR2 exchangeable", gls(y ~ 0 + f, data = b, correlation = corCompSymm(
  exchangeable$geese$alpha, form = ~ 1 | person, fixed = TRUE)))
