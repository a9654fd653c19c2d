"""What a network that was estimated from samples can be said to be: scores, chance, links and support."""
