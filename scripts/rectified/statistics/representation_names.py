"""What is compared of latents, and how: shared by the job, its figure and its table."""

NETWORKS = {"pinn": "PINN", "regressor": "regressor", "classifier": "classifier", "untrained": "untrained"}
CLASSES = 8  # of the classifier: bins of the solution, from low to high
NEIGHBOURS = 15
PERPLEXITY = 30.0
