"""Make the scorecard of one activation."""

from rectified.scorecards import make

make.make(snakemake)
