"""Boundary value problems: each module holds the equations, the data and the exact solution of one."""
