"""NMF: speed beside its peers, starts, ranks, and what the factors recover."""
