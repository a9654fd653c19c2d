"""The verbs of `grn`, one a file."""
