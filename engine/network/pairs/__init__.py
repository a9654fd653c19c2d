"""All pairs of genes: ρ of each, edges, and what changed between two versions."""
