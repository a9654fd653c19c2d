"""Expression data, what is done to it first, and the covariances that are estimated from it."""
