"""Make one table of all scorecards."""

from reproduction.exhibits.scorecards import make

make.collect(snakemake)
