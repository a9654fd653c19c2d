"""A store as pages of a server: the report of any two versions, pages of genes and pathways, and a search."""
