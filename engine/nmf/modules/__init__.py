"""Modules of genes read off factorizations, how many there are, and what changed between two."""
