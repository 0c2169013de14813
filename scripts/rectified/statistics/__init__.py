"""Summaries over replicates, confidence intervals and tests, and measures of latent representations."""
