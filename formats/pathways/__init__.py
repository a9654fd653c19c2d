"""Pathways of any file, a set, a regulon or a table of loadings, matched to a panel."""
