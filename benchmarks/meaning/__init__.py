"""What answers mean: lists of edges, links and pathways held against other samples and known regulation."""
