"""Covariances, factor models, loadings and matrices in files."""
