"""The PDF report, captions, and the pages of the HTML report."""
