"""`grn plot`, `grn report`, `grn serve`: what people look at."""
