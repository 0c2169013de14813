"""Write the verdicts on the claims of all documents as one page."""

from reproduction.claims import markdown

markdown.make(snakemake)
