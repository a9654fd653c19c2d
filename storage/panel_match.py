"""The genes of a new base, matched by name with the panel that a store has already."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ..engine.errors import NotFound
from ..engine.wording import counted, some
from ..formats.files.plain_files import file_name

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from ..engine.network.panel import Panel


class PanelMatch(NamedTuple):
    """Where the genes of a panel stand in other data.

    Parameters
    ----------
    rows : ndarray of intp, shape (p,)
        The row of each gene of the panel; of a gene that has several, the last.
    notes : tuple of str
        A sentence on genes that are not on the panel, where there are any.
    """

    rows: NDArray[np.intp]
    notes: tuple[str, ...]


def match_panel(genes: Sequence[str], panel: Panel, source: Any) -> PanelMatch:
    """Return where the genes of a panel stand in data with these genes.

    Parameters
    ----------
    genes : sequence of str
        Those of the data.
    panel : Panel
        The panel of a store.
    source : object
        The data; a path is named in messages.

    Raises
    ------
    NotFound
        Some are not there.
    """
    indices = {gene: row for row, gene in enumerate(genes)}
    missing = [gene for gene in panel.genes if gene not in indices]
    if missing:
        name = file_name(Path(source)) if isinstance(source, str | Path) else "the data"
        raise NotFound(
            f"{len(missing):,} of the {counted(len(panel), 'gene')} of the panel are not in {name}: {some(missing)}. "
            f"It has {some(genes, 3)}.",
            code="panel-genes-missing",
        )
    extra = [gene for gene in indices if gene not in panel]
    note = f"{counted(len(extra), 'gene')} left out, not on the panel of the store: {some(extra)}"
    return PanelMatch(np.array([indices[gene] for gene in panel.genes], dtype=np.intp), (note,) if extra else ())
