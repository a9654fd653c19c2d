"""Measurements against named alternatives, each ratio within one run. `python -m benchmarks` makes `results.md`."""
