"""Parameter gradients of losses that approximate integrals."""
