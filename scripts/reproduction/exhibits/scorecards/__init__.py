"""One page and one table per activation."""
