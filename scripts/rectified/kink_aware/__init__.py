"""Integrals of ReLU-like networks over boxes, with derivatives that contain the moving kinks: by lines or by cells."""

from rectified.kink_aware.cells import integrate_cells as integrate_cells
from rectified.kink_aware.integration import integrate as integrate
