"""Graphs written for the tools that draw and analyse them, one format a file."""
