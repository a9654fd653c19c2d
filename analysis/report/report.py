"""A report as a value: everything that a page on one version, or on what changed between two, has to say."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ...engine.choices import RankBy
    from ...storage.history.records import Parameter
    from ...storage.history.versions import Version
    from ..chance import Origin
    from ..comparison.version_difference import VersionDifference
    from ..history_graph import HistoryGraph
    from ..pictures.drawn_network import DrawnNetwork
    from ..support import PathwaySupport, Support

PathwayChange = Literal["added", "dropped", "active"]
"""Of a pathway, whether one of two versions has it; or that it is active, where nothing is compared."""


@dataclass(frozen=True, slots=True)
class ReportedPathway:
    """A pathway of a report.

    Parameters
    ----------
    name : str
        Its name, or those of columns that share a pathway covariance.
    sign : int
        1 or −1.
    change : {"added", "dropped", "active"}
        Which of both versions has it.
    genes, missing : int
        How many genes of it are on the panel, and how many are not.
    since : str
        The version that added it.
    support : PathwaySupport, optional
        What the samples of the base say of it, where they can.
    """

    name: str
    sign: int
    change: PathwayChange
    genes: int
    missing: int
    since: str
    support: PathwaySupport | None


@dataclass(frozen=True, slots=True)
class ReportedLink:
    """A link of a gene, which is no member, with the activity of a pathway that was added (gained) or dropped (lost).

    Parameters
    ----------
    gene, pathway : str
        The gene and the pathway.
    rho : float
        ρ with the activity.
    direction : int
        The sign of the loading that the gene would have.
    change : {"gained", "lost", "active"}
        What became of it; of one version alone, that its pathway is active.
    q : float, optional
        The least false discovery rate at which it is called, where the base has samples.
    """

    gene: str
    pathway: str
    rho: float
    direction: int
    change: Literal["gained", "lost", "active"]
    q: float | None


@dataclass(frozen=True, slots=True)
class ReportedChanges:
    """The largest changes, or between two bases that were judged the clearest.

    Parameters
    ----------
    columns : mapping of str to sequence
        Those of `VersionDifference.columns`.
    pathways : tuple of tuple of str
        Of each change, the pathways of the difference that have both genes.
    """

    columns: Mapping[str, Sequence[Any]]
    pathways: tuple[tuple[str, ...], ...]

    def __len__(self) -> int:
        return len(self.pathways)


@dataclass(frozen=True, slots=True)
class ReportedEdge:
    """An edge of the later version.

    Parameters
    ----------
    gene_a, gene_b : str
        The genes.
    rho, strength : float
        ρ, and what edges are ranked by.
    q : float, optional
        The least false discovery rate at which the samples tell it from chance.
    origin : {"data", "prior", "both"}, optional
        Where it comes from, where the base has samples.
    """

    gene_a: str
    gene_b: str
    rho: float
    strength: float
    q: float | None
    origin: Origin | None


@dataclass(frozen=True, slots=True)
class ReportedEdges:
    """The strongest edges of the later version.

    Parameters
    ----------
    edges : tuple of ReportedEdge
        Strongest first.
    ranked_by : {"score", "rho", "clr"}
        Their order.
    threshold : float
        The strength of the weakest.
    pairs : int
        How many pairs of genes there are.
    called : int, optional
        How many of these edges have a q of at most `rate`; none where the base has no samples.
    rate : float
        That false discovery rate.
    components : int
        Principal components that stand out in the samples and were not removed.
    """

    edges: tuple[ReportedEdge, ...]
    ranked_by: RankBy
    threshold: float
    pairs: int
    called: int | None
    rate: float
    components: int


@dataclass(frozen=True, slots=True)
class ReportedAnalysis:
    """An analysis that the store keeps of one of the versions, or of its base."""

    key: str
    of: str
    description: str
    time: str
    author: str
    facts: Mapping[str, Parameter]


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file that a base or pathways were read from: what it brought, its name, hash, and how it was read."""

    what: str
    file: str
    sha256: str
    parameters: Mapping[str, Parameter]


@dataclass(frozen=True, slots=True)
class Citation:
    """A work that the methods rest on: how the text names it, the reference, and its DOI where it has one."""

    label: str
    reference: str
    doi: str = ""


@dataclass(frozen=True, slots=True)
class Methods:
    """A paragraph on the methods for a paper, and the works that it cites."""

    paragraph: str
    citations: tuple[Citation, ...]


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where the numbers come from.

    Parameters
    ----------
    bases : tuple of (str, tuple of (str, object))
        Of each base, the versions that stand on it, and what is known of it.
    sources : tuple of SourceFile
        The files of the base and of the pathways.
    software : mapping of str to mapping
        Versions of the packages that estimated the base, and of those that computed this report.
    notes : tuple of str
        What was decided as the data were read.
    """

    bases: tuple[tuple[str, tuple[tuple[str, object], ...]], ...]
    sources: tuple[SourceFile, ...]
    software: Mapping[str, Mapping[str, str]]
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Report:
    """One version, and what changed since another.

    Parameters
    ----------
    store : str
        The name of the store.
    after : Version
        The version.
    before : Version, optional
        What it is compared with; none of a version by itself.
    parents : mapping of str to str
        Of the ids of parents of both versions, their names in the store.
    genes : int
        On the panel.
    active : int
        Pathways that are active in the version.
    summary : tuple of str
        What changed, in sentences.
    pathways : tuple of ReportedPathway
        Those added and dropped, or of a version by itself those that are active; the best supported first.
    support : Support, optional
        How those added, or active, were judged.
    no_support : str
        Why they were not, as a sentence; empty where they were, or where there are none.
    links : tuple of ReportedLink
        Links gained and lost, or of a version by itself its strongest.
    comparison : VersionDifference, optional
        What changed.
    changes : ReportedChanges, optional
        The largest changes, with the pathways that made them.
    edges : ReportedEdges
        The strongest edges of the version.
    network : DrawnNetwork
        What changed, or of a version by itself its strongest edges, laid out.
    history : HistoryGraph
        The last versions that both sides come from, themselves among them.
    analyses : tuple of ReportedAnalysis
        The newest first.
    provenance : Provenance
        Where the numbers come from.
    methods : Methods
        For a paper.
    """

    store: str
    after: Version
    before: Version | None
    parents: Mapping[str, str]
    genes: int
    active: int
    summary: tuple[str, ...]
    pathways: tuple[ReportedPathway, ...]
    support: Support | None
    no_support: str
    links: tuple[ReportedLink, ...]
    comparison: VersionDifference | None
    changes: ReportedChanges | None
    edges: ReportedEdges
    network: DrawnNetwork
    history: HistoryGraph
    analyses: tuple[ReportedAnalysis, ...]
    provenance: Provenance
    methods: Methods

    @property
    def title(self) -> str:
        """`v0 → v3`, or `v3`."""
        return self.after.name if self.before is None else f"{self.before.name} → {self.after.name}"
