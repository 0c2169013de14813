"""Make the scorecard of one activation."""

from reproduction.exhibits.scorecards import make

make.make(snakemake)
