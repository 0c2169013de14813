"""Networks whose latent representations are compared, and default parameters of the comparison."""

NETWORKS = {"pinn": "PINN", "regressor": "regressor", "classifier": "classifier", "untrained": "untrained"}
CLASSES = 8  # classes of the classifier: bins of the solution in ascending order
NEIGHBOURS = 15  # nearest neighbours
PERPLEXITY = 30.0  # of t-SNE
