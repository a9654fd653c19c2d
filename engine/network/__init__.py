"""A network as numbers: panel, pathways, covariance and precision, edges, and how far the numbers can be trusted."""
