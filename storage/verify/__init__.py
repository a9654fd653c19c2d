"""Checking a store against its hashes, and repairing what is derived."""
