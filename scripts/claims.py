"""Decide the published claims of a document."""

from reproduction.claims import decide

decide.make(snakemake)
