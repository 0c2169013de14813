"""Integrals of ReLU-like networks over boxes of any dimension, with derivatives that contain the moving kinks."""

from rectified.kink_aware.integration import integrate as integrate
