"""One mixed model: its likelihood, its fit, its intervals and its predictions."""
