"""Edges as Cytoscape calls them: an interaction, and a name of both nodes with it between them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .graph import Value

INTERACTION = "interaction"
"""The attribute of an edge that Cytoscape knows it by."""

UNKNOWN = "pp"
"""The interaction of an edge that has none: Cytoscape's word for a pair of proteins."""


def interaction_of(record: Mapping[str, Value]) -> str:
    """Return the interaction of an edge."""
    return str(record.get(INTERACTION, UNKNOWN))


def edge_name(first: str, second: str, record: Mapping[str, Value]) -> str:
    """Return the name that Cytoscape gives an edge, by which it joins tables to it.

    Examples
    --------
    >>> edge_name("TP53", "MDM2", {"interaction": "positive correlation"})
    'TP53 (positive correlation) MDM2'
    """
    return f"{first} ({interaction_of(record)}) {second}"
