"""Typography, web pages and Typst markup."""
