"""Foreign files and engine values, one into the other; never the store."""
