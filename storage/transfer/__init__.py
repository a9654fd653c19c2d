"""History on its way between stores and files."""
