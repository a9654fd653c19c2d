"""The verbs below `grn simulate`."""
