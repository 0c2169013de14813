"""One module per table family."""
