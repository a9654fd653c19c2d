"""The history of a store: its log, its commits, and what their names mean."""
