"""Kernels of wide networks: recursion, criticality, universality classes and sampling."""
