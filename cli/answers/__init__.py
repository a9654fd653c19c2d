"""Answers as values: columns, rows, JSON and notes."""
