"""Simulated data as the files that a lab has."""
