"""Put the verdicts on the claims of all documents on one page."""

from reproduction.claims import markdown

markdown.make(snakemake)
