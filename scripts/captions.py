"""Write the captions of all figures and tables."""

import reproduction.runtime.start_up  # noqa: F401
from reproduction.report import captions

captions.make(snakemake)
