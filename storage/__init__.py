"""Bytes and history: the store, its log, and the files that go in and out."""
