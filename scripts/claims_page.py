"""Write the verdicts on the claims of all documents as one page."""

import reproduction.runtime.start_up  # noqa: F401
from reproduction.claims import markdown

markdown.make(snakemake)
