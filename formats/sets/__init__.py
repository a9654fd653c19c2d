"""Gene sets: GMT, GMX, GRP, JSON, tables of sets and of memberships."""
