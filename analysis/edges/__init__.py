"""Edges of a version: which are listed, what is known of them, and both as a graph for other tools."""
