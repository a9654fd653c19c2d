"""The repository that `grnledger.open` returns: a store with every question as a method."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..engine.errors import check_count
from ..engine.inference.decoys import DECOYS, SEED
from ..engine.network.panel import names_of
from ..storage import repository as stored
from ..storage.history.versions import VersionLog

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ..engine.choices import Alternative, Crossing, Loadings, Method, Order, RankBy
    from ..engine.lmm import Fit
    from ..engine.mapping import Mapper
    from ..engine.network.pathway import Pathway
    from .comparison.version_difference import Progress, VersionDifference
    from .edges.selected import SelectedEdges
    from .links import Links
    from .lmm.model import StoreModel
    from .lmm.set_tests import SetTests
    from .nmf.kept import NamedAnalysis
    from .pictures.drawn_network import DrawnNetwork
    from .regulators import Regulation
    from .support import Support
    from .trace import Trace

    SignalValues = str | Path | Mapping[str, float]
    """A table of a value a gene, or the values by gene: a dict, or a Series of pandas."""


class Repository(stored.Repository):
    """A store that is open: its history, any version of its network, and the questions to them.

    Every question returns a value that says itself what it is, with `columns()`, and `to_frame()` where pandas is
    installed; a notebook shows it as a small table. `rev`, `before` and `after` name versions as on the command line,
    and a `mapper`, from `open_scheduler`, says where the long part of a question runs.
    """

    def log(self, rev: str | None = "HEAD", number: int | None = None) -> VersionLog:
        """Return a version and its ancestors, newest first, `number` at the most; of `None`, all versions."""
        check_count("versions", number)
        return VersionLog(self.versions(rev, number=number))

    def diff(
        self,
        before: str = "HEAD^",
        after: str = "HEAD",
        *,
        threshold: float | None = None,
        top: int | None = None,
        changes: int | None = None,
        only: Crossing | None = None,
        by: Order = "rho",
        rank_by: RankBy | None = None,
        same_intensity: bool = False,
        mapper: Mapper | None = None,
        progress: Progress | None = None,
    ) -> VersionDifference:
        """Return what changed from one version to another, edge by edge; arguments are those of `diff_versions`."""
        from .comparison.version_difference import diff_versions

        return diff_versions(
            self,
            before,
            after,
            threshold=threshold,
            top=top,
            changes=changes,
            only=only,
            by=by,
            rank_by=rank_by,
            same_intensity=same_intensity,
            mapper=mapper,
            progress=progress,
        )

    def edges(
        self,
        rev: str = "HEAD",
        *,
        threshold: float | None = None,
        top: int | None = None,
        fdr: float | None = None,
        gene: str | None = None,
        genes: str | Sequence[str] = (),
        rank_by: RankBy | None = None,
        mapper: Mapper | None = None,
        progress: Progress | None = None,
    ) -> SelectedEdges:
        """Return the edges of a version with what the samples say of them, strongest first.

        At most one of `threshold`, `top`, `fdr`, `gene` (with `top` or `threshold` at will) and `genes` chooses which;
        see `EdgeChoice`. By default they are the strongest pairs, as many as there are genes.
        """
        from .edges.selection import EdgeChoice, select_edges

        choice = EdgeChoice(threshold, top, fdr, gene, names_of(genes), rank_by)
        return select_edges(self, rev, choice, mapper=mapper, progress=progress)

    def trace(self, gene_a: str, gene_b: str, first: str = "v0", last: str = "HEAD") -> Trace:
        """Return ρ of two genes in each version from one to another, along first parents; see `trace_of`."""
        from .trace import trace_of, versions_between

        return trace_of(self, versions_between(self, self.version(first), self.version(last)), gene_a, gene_b)

    def network(
        self,
        rev: str = "HEAD",
        *,
        genes: str | Sequence[str] | None = None,
        pathways: str | Sequence[str] = (),
        top: int | None = None,
        rank_by: RankBy | None = None,
    ) -> DrawnNetwork:
        """Return the network around genes and pathways, with positions, for `plot.network`; see `network_around`."""
        from .pictures.network import network_around

        focus = None if genes is None else names_of(genes)
        return network_around(self, rev, genes=focus, pathways=names_of(pathways), top=top, rank_by=rank_by)

    def network_changes(
        self, before: str = "HEAD^", after: str = "HEAD", *, top: int | None = None, rank_by: RankBy | None = None
    ) -> DrawnNetwork:
        """Return the network of what changed between two versions, with positions, for `plot.network`."""
        from .pictures.network import network_changes

        return network_changes(self, before, after, top=top, rank_by=rank_by)

    def links(
        self,
        pathway: str | None = None,
        rev: str = "HEAD",
        *,
        gene: str | None = None,
        count: int | None = 20,
        members: bool | None = None,
        pathways: Sequence[Pathway] | None = None,
    ) -> Links:
        """Return the genes that go with the activity of pathways, strongest first.

        Parameters
        ----------
        pathway : str, optional
            The links of this pathway alone.
        rev : str
            The version on whose base they are read.
        gene : str, optional
            The links of this gene alone.
        count : int, optional
            How many at the most; `None` for all.
        members : bool, optional
            Whether genes of a pathway count; by default where a pathway or a gene is named.
        pathways : sequence of Pathway, optional
            Other pathways than those that are added in the version, which need not be committed.

        Raises
        ------
        NotFound
            There is no such version, pathway or gene.
        """
        from .links import active_additions, links_of

        check_count("links", count)
        asked = active_additions(self, rev)[0] if pathways is None else pathways
        members = (pathway is not None or gene is not None) if members is None else members
        return links_of(self, rev, asked, count, name=pathway, members=members, gene=gene, tested=True)

    def regulators(
        self,
        regulators: str | Sequence[str],
        rev: str = "HEAD",
        *,
        top: int | None = None,
        target: str | None = None,
        rank_by: RankBy | None = None,
    ) -> Regulation:
        """Return the strongest pairs of a regulator and a target, given the other regulators; see `regulation_of`.

        Names that are not on the panel are left out; without `top` as many pairs are listed as there are genes.
        """
        from .regulators import match_regulators, regulation_of

        check_count("pairs", top, 1)
        indices, _ = match_regulators(names_of(regulators), self.panel)
        return regulation_of(self, rev, indices, top or len(self.panel), by=rank_by, target=target)

    def support(
        self,
        names: str | Sequence[str] = (),
        rev: str = "HEAD",
        *,
        pathways: Sequence[Pathway] | None = None,
        decoys: int = DECOYS,
        seed: int = SEED,
        loadings: Loadings = "own",
        mapper: Mapper | None = None,
    ) -> Support:
        """Return whether samples that are held out bear out pathways of a version, or others; see `support_of`."""
        from .support import named_pathways, support_of

        check_count("decoys", decoys)
        chosen = named_pathways(self.pathways(rev) if pathways is None else pathways, names_of(names))
        return support_of(self, rev, chosen, decoys=decoys, seed=seed, loadings=loadings, mapper=mapper)

    def nmf(
        self,
        rev: str = "HEAD",
        source: str = "correlation",
        *,
        ranks: int | tuple[int, int] | None = None,
        restarts: int = 10,
        seed: int = 0,
        mapper: Mapper | None = None,
        progress: Progress | None = None,
    ) -> NamedAnalysis:
        """Return the gene modules of a version, which the store keeps; see `modules_of`.

        `ranks` is a number of modules, or the first and the last that are surveyed.
        """
        from .nmf.run import modules_of

        span = (ranks, ranks) if isinstance(ranks, int) else ranks
        run = modules_of(self, rev, source, ranks=span, restarts=restarts, seed=seed, mapper=mapper, progress=progress)
        return run.named_analysis

    def fit(
        self,
        signal: SignalValues,
        rev: str = "HEAD",
        *,
        kernel: str = "auto",
        method: Method = "reml",
        samples: Sequence[str] | None = None,
    ) -> Fit:
        """Return how much of a signal goes along the network of a version.

        Parameters
        ----------
        signal : str, Path, or mapping of str to float
            A table, or a value a gene (with `kernel="samples"` a sample). It must not come from the samples that the
            network was estimated from.
        rev : str
            The version.
        kernel : str
            As for `grn lmm fit`.
        method : {"reml", "ml"}
            The likelihood.
        samples : sequence of str, optional
            The samples that the signal was computed from, which are then held against those of the base.

        Raises
        ------
        InputError
            Genes do not match, or the signal has more than one column.
        EngineError
            The signal comes from the base's own samples.
        """
        from ..engine.lmm import fit_many

        return fit_many(self._model_of(signal, rev, samples, kernel=kernel, method=method).model, method=method)[0]

    def enrich(
        self,
        signal: SignalValues,
        sets: str | Path,
        rev: str = "HEAD",
        *,
        alternative: Alternative = "two-sided",
        min_genes: int = 5,
        max_genes: int | None = None,
        normal: bool = False,
        samples: Sequence[str] | None = None,
    ) -> SetTests:
        """Return which gene sets of a file are shifted beyond what the network predicts; see `fit` and `run_set_tests`.

        With `normal`, normal scores of the ranks of the signal are tested.
        """
        from .lmm.set_tests import run_set_tests

        model = self._model_of(signal, rev, samples, normal=normal)
        return run_set_tests(model, Path(sets), alternative=alternative, sizes=(min_genes, max_genes))

    def _model_of(
        self, signal: SignalValues, rev: str, samples: Sequence[str] | None, *, method: Method = "reml", **spec: Any
    ) -> StoreModel:
        from .lmm.model import ModelSpec, match_rows
        from .lmm.signals import one_signal, signal_of_file, signal_of_values

        version = self.version(rev)
        if isinstance(signal, str | Path):
            read = one_signal(signal_of_file(Path(signal), samples=samples))
        else:
            read = signal_of_values(signal, samples)
        snapshot = self.snapshot(version.name, from_base=True)
        return match_rows(snapshot, self.base(version.name), self.artifacts, read, ModelSpec(**spec), method)
