"""Completion of a command line: what a shell asks, and the scripts by which it asks."""
