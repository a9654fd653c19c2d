"""What the readers of all kinds of files stand on: kinds, limits, text, archives, HDF5."""
