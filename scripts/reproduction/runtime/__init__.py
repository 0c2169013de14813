"""The session of a job, the cost model, crash recovery, and command-line tools."""
