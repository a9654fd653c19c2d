"""Dense covariances of many genes: inverted in place, and asked for few of their rows."""
