"""Decide the published claims of a document."""

import reproduction.runtime.start_up  # noqa: F401
from reproduction.claims import decide

decide.make(snakemake)
