"""What several jobs share: networks, training, devices."""
