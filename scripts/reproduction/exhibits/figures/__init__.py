"""One module per figure family."""
