"""Write the scorecard of one activation."""

from reproduction.exhibits.scorecards.build import build_scorecard

build_scorecard(snakemake)
