"""One page and one table for each activation, from all experiments of document ``scorecards``."""
