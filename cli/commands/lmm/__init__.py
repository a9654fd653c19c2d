"""The verbs below `grn lmm`."""
