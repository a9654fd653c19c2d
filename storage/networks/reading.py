"""Reading a version: from its base, its anchor and the set of its active pathways to a snapshot."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

from ...engine.errors import FormatError
from ...engine.network.anchor import anchor_of
from ...engine.network.covariance import DenseCovariance
from ...engine.network.inverse_probe import VersionCovariance, judge_inverse, judge_rows
from ...engine.network.snapshot import Snapshot, build_snapshot
from ...engine.network.stored_rows import compute_anew
from ...engine.progress import part_of, unheard
from ..files import layout
from ..files.single_file import SingleFileStore
from ..history.checking import check_fits, check_stored_genes
from . import anchors, bases
from .base_checks import check_base_in_place
from .products import Products
from .remembered import Remembered

if TYPE_CHECKING:
    from collections.abc import Collection, Generator, Iterable, Iterator, Mapping
    from pathlib import Path

    from ...engine.network.anchor import Anchor
    from ...engine.network.covariance import Covariance
    from ...engine.network.pathway import Pathway
    from ...engine.progress import Progress
    from ..files.locations import Location
    from ..history.active import History
    from ..history.commits import Event
    from .bases import StoredBase

INVERTED = 0.85
"""The share of its time that a full inversion takes before it is written, about."""


NOTHING = Remembered(None)
"""What remembers nothing."""


class BaseLocations(Protocol):
    """Where bases stand, and the cache beside them, if there can be one."""

    @property
    def cache(self) -> Path | None:
        """The folder of what is derived."""
        ...

    def base(self, base: str) -> Location:
        """Return where a base stands."""
        ...


class Loadings(Protocol):
    """What versions are read from: the loadings of pathways, as a log has them, and bases."""

    @property
    def locations(self) -> BaseLocations:
        """Where the bases stand."""
        ...

    def pathways(self, number: int, wanted: Collection[str]) -> dict[str, Pathway]:
        """Return pathways that an entry of the log brings, by their ids."""
        ...


@dataclass(frozen=True, slots=True)
class Recipe:
    """The base, the pathways and the anchor that a version is read from.

    Parameters
    ----------
    base : str
        The id of its base.
    events : frozenset of Event
        The adds that are active.
    anchor : str, optional
        The content id of the version whose full inversion it starts from; the base's own when absent.
    """

    base: str
    events: frozenset[Event]
    anchor: str | None = None


class VersionReader:
    """Reads versions of a store; it keeps bases that it has read.

    Parameters
    ----------
    log : Loadings
        The log, with the loadings of the pathways; the bases stand beside it.
    history : History
        The commits so far.
    remembered : Remembered
        The numbers that the cache has of versions; nothing by default, and all is computed.
    """

    def __init__(self, log: Loadings, history: History, remembered: Remembered = NOTHING) -> None:
        self._remembered = remembered
        self._log = log
        self._history = history
        self._bases: dict[str, StoredBase] = {}
        self._anchors: dict[tuple[str, float], Anchor] = {}
        self._pathways_read: dict[str, Pathway] = {}
        self._remade: dict[str, DenseCovariance] = {}
        self._made_here: set[str] = set()  # anchors that were computed by this reader, and need no check
        self._last_anchor: tuple[str, Anchor] | None = None
        self._products = Products()

    @property
    def anchor_folder(self) -> Path | None:
        """The folder of cached anchors, if there can be one."""
        folder = None if (cache := self._log.locations.cache) is None else cache / layout.ANCHORS
        with contextlib.suppress(PermissionError):  # of whoever made the store
            return None if folder is None or folder.is_symlink() else folder  # nothing is written elsewhere
        return None

    def base(self, base: str) -> StoredBase:
        """Return a base of the store."""
        if base not in self._bases:
            location = self._log.locations.base(base)
            stored = bases.read_base(location, base)
            if isinstance(self._log.locations, SingleFileStore):  # which nothing has checked as it arrived
                check_base_in_place(stored, str(location))
            self._bases[base] = stored
        return self._bases[base]

    @contextlib.contextmanager
    def holding(self, base: StoredBase) -> Generator[None]:
        """Read a base that is not in the store yet from memory, while this lasts."""
        before, self._bases = self._bases, self._bases | {base.id: base}
        try:
            yield
        finally:
            self._bases = before
            self._anchors.pop((base.id, 0.0), None)

    def recipe(self, commit: str, *, from_base: bool = False) -> Recipe:
        """Return the recipe of a commit's version; `from_base` leaves later anchors aside."""
        entry = self._history[commit]
        anchor = None if from_base else entry.anchor
        return Recipe(entry.base, self._history.active(commit), anchor)

    def snapshot(
        self, recipe: Recipe, *, name: str = "", new: Mapping[str, Pathway] | None = None, penalty: float = 0.0
    ) -> Snapshot:
        """Return the snapshot of a recipe.

        Parameters
        ----------
        recipe : Recipe
            What to read.
        name : str
            What the version is called.
        new : mapping of str to Pathway, optional
            Pathways by id that are in no commit yet.
        penalty : float
            τ: the snapshot is that of Σ + τV, with the variances of the base in V. It is read from the base.

        Raises
        ------
        NotPositiveDefinite
            The subtractions take more than is there.
        FormatError
            Something it needs is damaged.
        """
        if penalty:
            recipe = Recipe(recipe.base, recipe.events)
        base = self.base(recipe.base)
        everything = {event.pathway for event in recipe.events} | set(new or {})
        folded = self._fitting(recipe, everything)
        pathways = self._pathways(recipe.events, folded) | dict(new or {})
        self._pathways_read |= new or {}  # the next version mostly has them, and need not read them from the log
        ordered = dict(_in_order(pathways))
        check_stored_genes(ordered.values(), len(base.panel))
        if recipe.anchor is None:
            anchor = self._base_anchor(recipe.base, penalty)
        else:
            anchor = self._inverted_anchor(recipe.anchor)
        content = layout.version_content_id(recipe.base, everything)
        ranks = {id_: pathway.rank for id_, pathway in ordered.items()}
        known, columns = self._products.known(anchor, ranks), tuple(ordered.values())
        recall = compute_anew  # what is not committed is not remembered
        if not new:
            recall = self._remembered.of(version=content, anchor=recipe.anchor, penalty=penalty)
        snapshot = build_snapshot(
            base.panel, anchor, columns, base.deviations, known=known, name=name, content=content, recall=recall
        )
        self._products.keep(snapshot, ranks)
        return snapshot

    def base_snapshot(self, base: str) -> Snapshot:
        """Return the snapshot of a base alone."""
        return self.snapshot(Recipe(base, frozenset()))

    def pathways(self, recipe: Recipe) -> tuple[Pathway, ...]:
        """Return the pathways of a recipe with their loadings, in the order of a snapshot's columns."""
        pathways = self._pathways(recipe.events, frozenset())
        check_stored_genes(pathways.values(), len(self.base(recipe.base).panel))
        return tuple(pathway for _, pathway in _in_order(pathways))

    def loadings(self, events: Iterable[Event]) -> dict[str, Pathway]:
        """Return pathways by id; those that the version read last has, too, are not read again."""
        return self._pathways(events, frozenset())

    def folded(self, anchor: str | None) -> frozenset[str]:
        """Return the ids of the pathways that are folded into an anchor."""
        if anchor is None:
            return frozenset()
        if (recipe := next(self._anchored(anchor), None)) is None:
            raise _unreadable(anchor)
        return frozenset(event.pathway for event in recipe.events)

    def _base_anchor(self, base: str, penalty: float = 0.0) -> Anchor:
        """Return a base's own anchor, or that of the base with a penalty τV."""
        if (base, penalty) not in self._anchors:
            covariance = self._penalised(base, penalty) if penalty else self.base(base).covariance
            self._anchors[base, penalty] = anchor_of(covariance, self._remembered.of(base=base, penalty=penalty))
        return self._anchors[base, penalty]

    def _inverted_anchor(self, content: str) -> Anchor:
        """Return an anchor that was made by a full inversion; the last one, with the rows that it keeps, is held."""
        if self._last_anchor is None or self._last_anchor[0] != content:
            self._last_anchor = content, anchor_of(self.inversion(content))
        return self._last_anchor[1]

    def _penalised(self, base: str, penalty: float) -> Covariance:
        """Return a base with τV added; a large dense one is kept in the cache."""
        covariance = self.base(base).covariance
        if not isinstance(covariance, DenseCovariance):
            return covariance.penalised(penalty, self._remembered.of(base=base))
        from ...engine.network.inversion import invert_penalised  # with SciPy, which a factor base has no need of

        if (folder := self.anchor_folder) is None or covariance.size <= anchors.LARGEST_UNCACHED:
            return invert_penalised(covariance, penalty)
        key = layout.penalised_base_id(base, penalty)
        content = layout.version_content_id(key, ())
        if (cached := anchors.read_anchor_and_id(folder, content)) is not None:
            added = penalty * covariance.covariance.diagonal()
            truth = VersionCovariance(self._base_anchor(base), (), self.base(base).deviations, added)
            if not _problem(*cached, truth):
                return anchors.self_repairing(cached[0], lambda: invert_penalised(covariance, penalty))
        inversion = invert_penalised(covariance, penalty)
        with contextlib.suppress(OSError):  # a store may be read-only
            anchors.write_anchor(folder, content, key, (), inversion)
        return inversion

    def _fitting(self, recipe: Recipe, active: set[str]) -> frozenset[str]:
        """Return the ids of the pathways folded into a recipe's anchor, if the anchor fits the version."""
        if recipe.anchor is None:
            return frozenset()
        if (source := next(self._anchored(recipe.anchor), None)) is None:
            raise _unreadable(recipe.anchor)
        return check_fits(recipe.anchor, source.events, recipe.base, active)

    def anchored(self, snapshot: Snapshot, anchor: str) -> Snapshot:
        """Return a snapshot of the same version, read from its own full inversion."""
        source = anchor_of(self.inversion(anchor))
        return build_snapshot(snapshot.panel, source, (), np.ones(len(snapshot.panel)), content=snapshot.content)

    def invert(self, recipe: Recipe, new: Mapping[str, Pathway] | None = None, progress: Progress = unheard) -> str:
        """Invert a version in full, keep the inversion as an anchor, and return its content id.

        Parameters
        ----------
        recipe : Recipe
            The version.
        new : mapping of str to Pathway, optional
            Pathways by id that are in no commit yet.
        progress : callable
            Called now and then with the share that is done, 0 to 1.

        Raises
        ------
        OSError
            The cache cannot be written.
        """
        from ...engine.network.stability import reinvert_snapshot

        snapshot = self.snapshot(Recipe(recipe.base, recipe.events), new=new)
        inversion = reinvert_snapshot(snapshot, part_of(progress, 0, INVERTED))
        if self._keep(snapshot.content, recipe, new or {}, inversion, part_of(progress, INVERTED, 1)) is None:
            self._remade[snapshot.content] = inversion
        return snapshot.content

    def inversion(self, anchor: str) -> DenseCovariance:
        """Return an anchor's full inversion, computed again when it is missing from the cache, damaged or wrong."""
        folder = self.anchor_folder
        cached = None if folder is None else anchors.read_anchor_and_id(folder, anchor)
        if cached is None or (anchor not in self._made_here and self.inversion_problem(anchor, *cached)):
            return self._remake(anchor)
        return anchors.self_repairing(cached[0], lambda: self._remake(anchor))

    def inversion_problem(self, anchor: str, inversion: DenseCovariance, seed: str, *, whole: bool = False) -> str:
        """Return what is wrong with the numbers of a cached inversion, or an empty text.

        They are compared with the base and the pathways that the anchor has taken in; where these cannot be read, with
        each other.

        Parameters
        ----------
        anchor : str
            The content id of the version that it is the inversion of.
        inversion : DenseCovariance
            Σ and Θ as they were read.
        seed : str
            The id of its file.
        whole : bool
            Whether to read all of a large one, and not some of its rows.
        """
        truth = None
        with contextlib.suppress(FormatError, OSError):
            truth = self._covariance_of(anchor)
        return _problem(inversion, seed, truth, whole=whole)

    def _covariance_of(self, anchor: str) -> VersionCovariance | None:
        """Return Σ of the version that an anchor is the inversion of, from its base, if there is such a version."""
        if (recipe := next(self._anchored(anchor), None)) is None:
            return None
        base, pathways = self.base(recipe.base), self._pathways(recipe.events, frozenset())
        check_stored_genes(pathways.values(), len(base.panel))
        return VersionCovariance(self._base_anchor(recipe.base), tuple(pathways.values()), base.deviations)

    def _remake(self, anchor: str) -> DenseCovariance:
        """Return an anchor's full inversion computed again, in memory where the cache cannot be written."""
        if anchor not in self._remade:
            recipe, inversion = self._inverted(anchor)
            cached: DenseCovariance | None = None
            with contextlib.suppress(OSError):  # a store may be read-only
                cached = self._keep(anchor, recipe, {}, inversion)
            self._remade[anchor] = inversion if cached is None else cached
        return self._remade[anchor]

    def _keep(
        self,
        anchor: str,
        recipe: Recipe,
        new: Mapping[str, Pathway],
        inversion: DenseCovariance,
        progress: Progress = unheard,
    ) -> DenseCovariance | None:
        """Keep an inversion in the cache, and return it as it is read from there."""
        if (folder := self.anchor_folder) is None:
            return None
        pathways = {event.pathway for event in recipe.events} | set(new)
        anchors.write_anchor(folder, anchor, recipe.base, pathways, inversion, progress)
        self._made_here.add(anchor)
        return anchors.read_anchor(folder, anchor)

    def _inverted(self, anchor: str) -> tuple[Recipe, DenseCovariance]:
        from ...engine.network.stability import reinvert_snapshot

        failure = _unreadable(anchor)
        for recipe in self._anchored(anchor):
            try:
                return recipe, reinvert_snapshot(self.snapshot(recipe))
            except FormatError as damage:
                failure = damage
        raise failure

    def _anchored(self, anchor: str) -> Iterator[Recipe]:
        """Yield the versions that an anchor is the full inversion of, to be read from their base.

        All give the same numbers, but one may need an entry of the log that is lost, and another not.
        """
        for commit in self._history.of_content(anchor):
            with contextlib.suppress(FormatError):
                yield self.recipe(commit, from_base=True)

    def _pathways(self, events: Iterable[Event], folded: frozenset[str]) -> dict[str, Pathway]:
        """Return the active pathways that stand as columns, each read once from the first commit that added it."""
        wanted: dict[int, set[str]] = {}
        read = self._pathways_read
        pathways = {event.pathway: read[event.pathway] for event in events if event.pathway in read}
        others = [event for event in events if event.pathway not in pathways and event.pathway not in folded]
        for pathway, adds in self._history.pathways(others).items():
            wanted.setdefault(self._history[adds[0].commit].entry, set()).add(pathway)
        for entry, ids in wanted.items():
            pathways.update(self._log.pathways(entry, ids))
        self._pathways_read = pathways  # those of the version read last: the next one mostly has the same
        return {pathway: columns for pathway, columns in pathways.items() if pathway not in folded}


def _problem(inversion: DenseCovariance, seed: str, truth: VersionCovariance | None, *, whole: bool = False) -> str:
    """Return what is wrong with a cached inversion, or an empty text."""
    if truth is not None and inversion.size != truth.size:
        return f"it is of {inversion.size:,} genes"
    judge = judge_inverse if whole or inversion.size <= anchors.LARGEST_PROBED else judge_rows
    try:
        verdict = judge(inversion, seed, truth)
    except (FormatError, OSError) as failure:
        if truth is not None:  # it is the base that may be damaged
            return _problem(inversion, seed, None, whole=whole)
        return str(failure)
    return "" if verdict.error <= verdict.bound else str(verdict)  # how ill-conditioned it is, the base decides


def _in_order(pathways: Mapping[str, Pathway]) -> list[tuple[str, Pathway]]:
    """Return pathways by id in their canonical order: additions first, then by id."""
    ordered = [(id_, pathways[id_]) for id_ in sorted(pathways)]
    return [item for item in ordered if item[1].sign > 0] + [item for item in ordered if item[1].sign < 0]


def _unreadable(anchor: str) -> FormatError:
    return FormatError(f"No version that can be read has the content {anchor}, which a version names as its anchor.")
