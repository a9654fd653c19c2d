"""Linear mixed models on a version."""
