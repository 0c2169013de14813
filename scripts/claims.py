"""Decide the published claims of a document."""

from rectified import claims

claims.make(snakemake)
