"""Values, gradients and Hessians of objectives; optimizers; the training loop."""
