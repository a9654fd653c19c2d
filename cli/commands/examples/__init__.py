"""Verbs to try things with."""
