"""One module per audited task; its function ``auditor`` sets up the audit of a trained case."""
