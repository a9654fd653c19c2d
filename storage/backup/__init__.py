"""Keeping a copy of a store that takes what is new, checks itself, and knows when it was last whole."""
