"""Networks as functions of parameter rows, many at a time; seeding."""
