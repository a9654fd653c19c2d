"""Studies drawn at random from a gene network that is known."""

from __future__ import annotations

from .knowledge import Knowledge, recall_knowledge
from .network import TrueNetwork, draw_network
from .study import SimulatedStudy, simulate_study

__all__ = [
    "Knowledge",
    "SimulatedStudy",
    "TrueNetwork",
    "draw_network",
    "recall_knowledge",
    "simulate_study",
]
