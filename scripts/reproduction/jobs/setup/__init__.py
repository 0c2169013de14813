"""Parts shared by several jobs: networks, training and devices."""
