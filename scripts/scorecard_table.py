"""Write one table of all scorecards."""

from reproduction.exhibits.scorecards.build import build_overview

build_overview(snakemake)
