"""The Deep Ritz method in one dimension: energy, quadrature, gradients, loss landscape."""
