"""Derivative audits of networks of other packages: `make audit-networks` writes workflow/docs/audited_networks.md."""
