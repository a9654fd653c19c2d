"""Questions put to a store: a version and a file go in, and a result comes out, named and kept."""
