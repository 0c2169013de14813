"""The computations of the tasks: one module per task."""
