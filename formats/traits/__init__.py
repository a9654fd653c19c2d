"""What mixed models read: traits, kernels and columns to be tested."""
