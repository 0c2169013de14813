"""Kernels of wide networks: recursion, criticality, universality classes, sampling."""
