"""Bytes and history of a store, and nothing else."""
