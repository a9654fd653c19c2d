"""Solvers of non-negative matrix factorization under the Kullback–Leibler divergence."""
