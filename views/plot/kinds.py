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
    """

    section: str
    caption: str
    of: Subject
    values: str
    draw: str
    options: tuple[str, ...] = ()
    size: tuple[float, float] = (6.4, 4.8)


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
}
"""The kinds by name, in the order of the help."""
