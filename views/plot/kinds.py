"""The registry of figures: a new kind is a file in this folder and a line in `KINDS`; nothing else lists them.

The file has a function of a value and of axes, or `None` for new ones, that draws and returns the axes. The value is
made by a function in `analysis/pictures`, which the line names too: of a repository and a version, or of a repository
and two versions, or of a repository alone, or of the path of a file, as the line says; with those keywords that the
line names as `options` (`cli/plot_options.py` has the option of each).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Subject = Literal["version", "range", "store", "file"]
"""What a figure is of."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A line of the registry. Functions are named by a text, so that a list of the kinds draws nothing.

    Parameters
    ----------
    section : str
        The title under which the kind is listed.
    caption : str
        A line on what the figure shows.
    of : {"version", "range", "store", "file"}
        What the value is made of.
    values : str
        `module:function` in `analysis/pictures`, which makes the value.
    draw : str
        `module:function` in this folder, which draws it.
    options : tuple of str
        Keywords of the function that makes the value.
    size : tuple of float
        Width and height in inches.
    default : str
        The range where none is named, of a figure of a range.
    """

    section: str
    caption: str
    of: Subject
    values: str
    draw: str
    options: tuple[str, ...] = ()
    size: tuple[float, float] = (6.4, 4.8)
    default: str = "HEAD^..HEAD"


KINDS: dict[str, Kind] = {
    "changes": Kind(
        "Comparisons",
        "The largest changes of |ρ| between two versions, as bars.",
        "range",
        "changes:largest_changes",
        "changes:changes",
        ("top", "rank_by"),
    ),
    # Networks
    "network": Kind(
        "Networks",
        "The network around genes and pathways of a version; around nothing, its strongest edges.",
        "version",
        "network:network_around",
        "network:network",
        ("genes", "pathways", "top", "rank_by"),
        (9.0, 7.4),
    ),
    "network-changes": Kind(
        "Networks",
        "The network of what changed between two versions: edges gained, lost and kept, and links.",
        "range",
        "network:network_changes",
        "network:network",
        ("top", "rank_by"),
        (9.0, 7.4),
    ),
    # History
    "trace": Kind(
        "History",
        "ρ of two genes through the versions, and which commits moved it.",
        "range",
        "history:trace",
        "history:trace",
        ("pair",),
        (7.2, 4.8),
        default="v0..HEAD",
    ),
    # Pathways
    "support": Kind(
        "Pathways",
        "By how much samples held out are predicted better with each pathway, beside its decoys.",
        "version",
        "pathways:support",
        "pathways:support",
        ("pathways", "decoys", "decoy_seed"),
        (8.0, 4.8),
    ),
    "links": Kind(
        "Pathways",
        "Links of genes with a pathway's activity: ρ against q, members apart, the clearest named.",
        "version",
        "pathways:links",
        "pathways:links",
        ("linked_pathway",),
        (8.4, 5.0),
    ),
    # Modules
    "ranks": Kind(
        "Modules",
        "How well each number of modules predicts what is held out, of an analysis that the store keeps.",
        "version",
        "modules:ranks",
        "modules:ranks",
        ("analysis",),
    ),
    "modules": Kind(
        "Modules",
        "Shares of modules in genes as a heatmap, genes by module, of an analysis that the store keeps.",
        "version",
        "modules:modules",
        "modules:modules",
        ("analysis",),
        (6.4, 7.2),
    ),
    "moonlighting": Kind(
        "Modules",
        "Genes of two modules: the share of the second with its interval, of an analysis that the store keeps.",
        "version",
        "modules:moonlighting",
        "modules:moonlighting",
        ("analysis",),
        (7.2, 6.0),
    ),
    # Signals
    "qq": Kind(
        "Signals",
        "p of the tests of a scan against what chance gives, with its 95 % band.",
        "file",
        "signals:qq",
        "signals:qq",
        size=(5.6, 5.4),
    ),
    "h2": Kind(
        "Signals",
        "The profile likelihood of h² of a signal, with its 95 % interval.",
        "version",
        "signals:h2",
        "signals:h2",
        ("model",),
    ),
    "sets": Kind(
        "Signals",
        "Shifts of gene sets and their intervals, from what a test of sets wrote as rows.",
        "file",
        "signals:sets",
        "signals:sets",
        ("most_sets",),
        (8.4, 6.0),
    ),
}
"""The kinds by name, in the order of the help."""
