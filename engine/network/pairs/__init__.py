"""All pairs of genes: ρ of each, the strongest of them, and the edges of a version."""
