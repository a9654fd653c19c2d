"""The registry of figures: a new kind is a file in `drawings` and a line in `KINDS`; nothing else lists them.

The file has a function of a value and of axes, or `None` for new ones, that draws and returns the axes. The value is
made by a function in `analysis/pictures`, which the line names too: of a repository and a version, or of a repository
and two versions, or of a repository alone, or of the path of a file, or of nothing else, as the line says; with those
keywords that the line names as `options` (`cli/plot_options.py` has the option of each).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from ...engine.lazy import load

if TYPE_CHECKING:
    from collections.abc import Callable

Subject = Literal["version", "range", "store", "file", "options"]
"""What a figure is of; `options` where these alone say it."""

DRAWINGS = f"{__package__}.drawings"
"""The package of the functions that draw."""

Size = tuple[float, float]
"""Width and height in inches."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A line of the registry. Functions are named by a text, so that a list of the kinds draws nothing.

    Parameters
    ----------
    section : str
        The title under which the kind is listed.
    caption : str
        A line on what the figure shows.
    of : {"version", "range", "store", "file", "options"}
        What the value is made of.
    values : str
        `module:function` in `analysis/pictures`, which makes the value.
    draw : str
        `module:function` in `drawings`, which draws it.
    options : tuple of str
        Keywords of the function that makes the value.
    size : tuple of float, or str
        Width and height in inches; or `module:function` in `drawings`, which returns them for a value.
    default : str
        The range where none is named, of a figure of a range.
    """

    section: str
    caption: str
    of: Subject
    values: str
    draw: str
    options: tuple[str, ...] = ()
    size: Size | str = (6.4, 4.8)
    default: str = "HEAD^..HEAD"

    def compute(self) -> Callable[..., Any]:
        """Return the function that makes the value."""
        from ...analysis import pictures

        return load(self.values, pictures.__name__)

    def size_of(self, value: Any) -> Size:
        """Return the size of a figure of a value, where none is asked for."""
        return load(self.size, DRAWINGS)(value) if isinstance(self.size, str) else self.size


KINDS: dict[str, Kind] = {
    # Matrices
    "loadings": Kind(
        "Matrices",
        "Loadings of genes on factors of the base and on active pathways, as a heatmap.",
        "version",
        "loadings:loadings",
        "matrices:heatmap",
        ("part", "genes", "pathway", "most"),
        "matrices:size_of_heatmap",
    ),
    "common-covariance": Kind(
        "Matrices",
        "The part of the base's covariance that its factors make, B F Bᵀ.",
        "version",
        "matrices:common_covariance",
        "matrices:heatmap",
        ("genes", "pathway", "most"),
        "matrices:size_of_heatmap",
    ),
    "decomposition": Kind(
        "Matrices",
        "The covariance as a sum: factors, pathways and noise, B F Bᵀ + X Xᵀ + D = Σ.",
        "version",
        "matrices:decomposition",
        "matrices:decomposition",
        ("genes", "pathway", "most"),
        "matrices:size_of_decomposition",
    ),
    "covariance": Kind(
        "Matrices",
        "Covariances of genes, as a heatmap.",
        "version",
        "matrices:covariance",
        "matrices:heatmap",
        ("genes", "pathway", "most"),
        "matrices:size_of_heatmap",
    ),
    "correlation": Kind(
        "Matrices",
        "Correlations of genes, as a heatmap.",
        "version",
        "matrices:correlation",
        "matrices:heatmap",
        ("genes", "pathway", "most"),
        "matrices:size_of_heatmap",
    ),
    "partial-correlation": Kind(
        "Matrices",
        "Partial correlations ρ of genes, each given all others, as a heatmap.",
        "version",
        "matrices:partial_correlation",
        "matrices:heatmap",
        ("genes", "pathway", "most"),
        "matrices:size_of_heatmap",
    ),
    # Distributions
    "spectrum": Kind(
        "Distributions",
        "The eigenvalues of the covariance, with the line at zero.",
        "version",
        "distributions:eigenvalues",
        "distributions:spectrum",
    ),
    "rho-histogram": Kind(
        "Distributions",
        "How many pairs have which ρ before and after, and how many are beyond a cut.",
        "range",
        "distributions:rho_histogram",
        "distributions:rho_histogram",
        ("threshold", "edges"),
    ),
    "memberships": Kind(
        "Distributions",
        "Shares of genes in modules of an analysis that the store keeps (row-normalised W).",
        "version",
        "memberships:membership_histogram",
        "memberships:memberships",
        ("analysis",),
    ),
    "dirichlet": Kind(
        "Distributions",
        "Shares of genes in modules as Dirichlet distributions draw them.",
        "options",
        "memberships:dirichlet_draws",
        "memberships:dirichlet",
        ("alpha", "modules", "seed"),
        "memberships:size_of_dirichlet",
    ),
    # Comparisons
    "changes": Kind(
        "Comparisons",
        "The largest changes of |ρ|, or of the score, between two versions, as bars.",
        "range",
        "changes:largest_changes",
        "changes:changes",
        ("top", "rank_by"),
        "changes:size_of_changes",
    ),
    # Benchmarks
    "woodbury": Kind(
        "Benchmarks",
        "Time of a commit and of direct inversion against the number of genes (benchmarks/woodbury.py).",
        "file",
        "timings:timings",
        "timings:woodbury",
        size=(9.6, 4.4),
    ),
    # Networks
    "network": Kind(
        "Networks",
        "The network around genes and pathways of a version; around nothing, its strongest edges.",
        "version",
        "network:network_around",
        "network:network",
        ("genes", "pathways", "top", "rank_by"),
        "network:size_of_network",
    ),
    "network-changes": Kind(
        "Networks",
        "The network of what changed between two versions: edges gained, lost and kept, and links.",
        "range",
        "network:network_changes",
        "network:network",
        ("top", "rank_by"),
        "network:size_of_network",
    ),
    # History
    "history": Kind(
        "History",
        "Versions as a graph, the newest on top, with branches and tags.",
        "store",
        "history:history",
        "history:history",
        ("newest",),
        "history:size_of_history",
    ),
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
        "pathways:size_of_support",
    ),
    "links": Kind(
        "Pathways",
        "Links of genes with a pathway's activity: ρ against p, members apart, the clearest named.",
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
        "modules:size_of_modules",
    ),
    "moonlighting": Kind(
        "Modules",
        "Genes of two modules: the share of the second with its interval, of an analysis that the store keeps.",
        "version",
        "modules:moonlighting",
        "modules:moonlighting",
        ("analysis",),
        "modules:size_of_second",
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
        "signals:size_of_sets",
    ),
}
"""The kinds by name, in the order of the help."""
