"""The files of a store: their names, how they are written durably, and how they are read."""
