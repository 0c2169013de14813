"""What the user gives: networks, points and settings, validated, and calls of the networks."""
