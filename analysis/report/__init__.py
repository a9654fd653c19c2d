"""What a version says, and what changed since another, gathered from a store into one value for a page."""
