"""Two versions compared: their pathways, and their networks, on one base or on two."""
