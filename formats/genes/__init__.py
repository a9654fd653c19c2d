"""Names of genes: their spellings, and which side of a table they stand on."""
