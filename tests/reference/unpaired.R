# Groups compared under a design. Run in this folder: Rscript unpaired.R > unpaired.csv
suppressMessages(library(survey)); options(survey.lonely.psu = "adjust")
cat(sprintf("# %s, survey %s\n", R.version.string, packageVersion("survey")))
cat("case,statistic,df,p,estimate\n")
say <- function(case, ...) cat(paste(c(case, sprintf("%.15g", c(...))), collapse = ","), "\n", sep = "")
a <- read.csv("stratified.csv"); a$k <- c("x", "y", "z")[1 + (seq_len(nrow(a)) * 7) %% 3]
fpc <- svydesign(ids = ~1, strata = ~h, weights = ~w, fpc = ~N, data = a)
none <- svydesign(ids = ~1, strata = ~h, weights = ~w, data = a)
equal <- svydesign(ids = ~1, weights = ~I(rep(80 / 65, 65)), fpc = ~rep(80, 65), data = a)
b <- read.csv("clustered.csv"); b$y <- b$y + seq_len(nrow(b)) * 1e-9  # no ties: with unequal weights in them the ranks of R hang on the order of rows
b$k <- c("x", "y", "z")[1 + (seq_len(nrow(b)) * 5) %% 3]; b$two <- ifelse(b$w > 3, "hi", "lo")
cl <- svydesign(ids = ~psu, strata = ~h, weights = ~w, fpc = ~M, data = b)
cl0 <- svydesign(ids = ~psu, strata = ~h, weights = ~w, data = b)
two <- function(case, f, d, test) {
  r <- svyranktest(f, d, test = test)
  say(case, r$statistic, r$parameter, r$p.value, r$estimate)
}
many <- function(case, f, d) {  # R names the statistic and its df the other way round
  r <- svyranktest(f, d, test = "KruskalWallis")
  say(case, r$parameter / r$statistic, r$statistic, r$p.value, NA)
}
for (s in c("wilcoxon", "vanderWaerden", "median")) {
  two(paste(s, "fpc"), y ~ g, fpc, s)
  two(paste(s, "none"), y ~ g, none, s)
  two(paste(s, "cluster fpc"), y ~ two, cl, s)
  two(paste(s, "cluster none"), y ~ two, cl0, s)
}
two("ties", q ~ g, equal, "wilcoxon")
many("three groups fpc", y ~ k, fpc)
many("three groups none", y ~ k, none)
many("three groups cluster", y ~ k, cl)
many("three groups ties", q ~ k, equal)
chi <- function(case, f, d) { r <- svychisq(f, d, statistic = "F"); say(case, r$statistic, r$parameter[1], r$p.value, NA) }
chi("chi fpc", ~q + g, fpc)
chi("chi none", ~q + g, none)
chi("chi three", ~q + k, fpc)
chi("chi cluster fpc", ~q + two, cl)
chi("chi cluster none", ~q + k, cl0)
chi("chi equal", ~q + g, equal)
