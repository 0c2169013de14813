"""What each task computes."""
