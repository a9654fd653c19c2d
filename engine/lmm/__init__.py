"""Linear mixed models: how much of a signal goes along a network, and what exceeds that."""

from __future__ import annotations
