"""Files of regulons, read on a small panel, and what they load."""

from __future__ import annotations

from typing import TYPE_CHECKING

from grnledger.engine.network.panel import Panel
from grnledger.formats.pathways.pathways import PathwayFile, read_pathways

if TYPE_CHECKING:
    from pathlib import Path

PANEL = Panel(("TP53", "MDM2", "MYC", "CDKN1A", "EGFR", "BAX", "TERT"))


def read(path: Path, content: str, **options: object) -> PathwayFile:
    """Return the pathways of a file that is written first."""
    path.write_text(content)
    return read_pathways(path, PANEL, **options)  # type: ignore[arg-type]


def loadings(file: PathwayFile) -> dict[str, dict[str, float]]:
    """Return the loadings by pathway and gene, in units of the strength."""
    return {
        pathway.names[0]: {
            PANEL.genes[gene]: round(float(loading) * 10, 6)
            for gene, loading in zip(pathway.genes.tolist(), pathway.loadings[:, 0], strict=True)
        }
        for pathway in file.pathways
    }
