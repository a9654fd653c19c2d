"""Copying history between stores and files: create, clone, export, fetch, push, pack."""
