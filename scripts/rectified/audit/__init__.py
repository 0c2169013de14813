"""The derivative audit."""
