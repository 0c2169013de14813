"""Make one table of all scorecards."""

from rectified.scorecards import make

make.collect(snakemake)
