"""Write one table of all scorecards."""

import reproduction.runtime.start_up  # noqa: F401
from reproduction.exhibits.scorecards.build import build_overview

build_overview(snakemake)
