"""What stands where in an expression table, and which of its columns are no samples."""
