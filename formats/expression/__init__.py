"""Expression data in tables, Matrix Market and h5ad files, one reader a file."""
