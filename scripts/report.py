"""Write the report of a run."""

from reproduction.report import pdf

pdf.make(snakemake)
