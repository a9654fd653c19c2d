"""The genes of simulated studies: 1,500 human ones, in 50 programs named for what such genes do together."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

RESPONSES = {"TP53": 1.6, "E2F1": -1.2, "MYC": -1.2, "STAT1": 1.2}
"""What the treatment of a simulated study does to genes directly, in SD: like a drug that damages DNA."""


@dataclass(frozen=True, slots=True)
class GeneProgram:
    """A program: its name and its genes, the first of which regulates it."""

    name: str
    genes: tuple[str, ...]


@cache
def gene_programs() -> tuple[GeneProgram, ...]:
    """Return the 50 programs; no gene is in two.

    Names are those that HGNC approved. Which genes stand together is common knowledge of their families; what acts on
    what in a simulated study is drawn at random, and is no claim about them.
    """
    text = Path(__file__).with_name("gene_programs.txt").read_text(encoding="utf-8")
    return tuple(GeneProgram(name, tuple(genes)) for name, *genes in map(str.split, text.splitlines()))
