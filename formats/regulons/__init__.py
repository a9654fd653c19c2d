"""Networks of regulators and targets, as tables and as SIF."""
