"""Write the scorecard of one activation."""

import reproduction.runtime.start_up  # noqa: F401
from reproduction.exhibits.scorecards.build import build_scorecard

build_scorecard(snakemake)
