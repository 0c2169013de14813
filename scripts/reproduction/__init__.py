"""The workflow: config, jobs, storage, exhibits, claims and reports."""
