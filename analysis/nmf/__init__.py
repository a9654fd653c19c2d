"""Modules of genes of a version."""
