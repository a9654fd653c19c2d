"""Kernels of mixed models, each in the basis in which its likelihood costs O(n)."""
