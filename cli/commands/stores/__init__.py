"""Verbs on whole stores and files."""
