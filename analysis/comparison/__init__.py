"""Two versions side by side: what changed, and what such changes are worth."""
