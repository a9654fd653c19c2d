"""The verbs below `grn nmf`."""
