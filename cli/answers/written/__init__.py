"""Answers on files that are written: which, and what they hold."""
