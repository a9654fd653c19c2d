"""Pathways in GMT files, regulons and tables of loadings, on a panel."""
