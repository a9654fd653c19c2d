"""Eigenvalues of Σ: the extreme ones of any version, and all of those that can be had."""
