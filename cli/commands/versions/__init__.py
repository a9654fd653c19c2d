"""Verbs that make versions, list them or go to one."""
