"""Verbs that ask something of one or two versions."""
