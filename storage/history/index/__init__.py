"""The index of the log: what is shown of its entries and commits, in one text that needs no HDF5."""
