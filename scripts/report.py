"""Write the report of a run."""

import reproduction.runtime.start_up  # noqa: F401
from reproduction.report import pdf

pdf.make(snakemake)
