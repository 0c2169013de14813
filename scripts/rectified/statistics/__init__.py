"""Summaries over replicates, intervals and tests, and measures of representations."""
