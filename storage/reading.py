"""Reading a version: from its base, its anchor and the set of its active pathways to a snapshot."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..engine.anchor import anchor_of
from ..engine.errors import FormatError
from ..engine.snapshot import Snapshot, take
from ..engine.stability import reinverted
from . import anchors, bases, entries, layout

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from ..engine.covariance import DenseCovariance
    from ..engine.pathway import Pathway
    from .bases import StoredBase
    from .history import Event, History
    from .log import Log


@dataclass(frozen=True, slots=True)
class Recipe:
    """What a version is read from.

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


class Reader:
    """Reads versions of a store; it keeps bases that it has read.

    Parameters
    ----------
    store : Path
        The store.
    log : Log
        Where the pathways' numbers stand.
    history : History
        Which pathways are active.
    """

    def __init__(self, store: Path, log: Log, history: History) -> None:
        self._store = store
        self._log = log
        self._history = history
        self._bases: dict[str, StoredBase] = {}
        self._remade: dict[str, DenseCovariance] = {}

    @property
    def anchor_folder(self) -> Path:
        """Where anchors are cached."""
        return self._store / layout.CACHE / layout.ANCHORS

    def base(self, base: str) -> StoredBase:
        """Return a base of the store."""
        if base not in self._bases:
            self._bases[base] = bases.read(self._store / layout.BASES / f"{base}{layout.FILE_ENDING}")
        return self._bases[base]

    def recipe(self, commit: str, *, from_base: bool = False) -> Recipe:
        """Return what a commit's version is read from; `from_base` leaves later anchors aside."""
        entry = self._history[commit]
        anchor = None if from_base else entry.measured.anchor
        return Recipe(entry.commit.base, self._history.active(commit), anchor)

    def snapshot(self, recipe: Recipe, *, name: str = "", new: Mapping[str, Pathway] | None = None) -> Snapshot:
        """Return the snapshot of a recipe.

        Parameters
        ----------
        recipe : Recipe
            What to read.
        name : str
            What the version is called.
        new : mapping of str to Pathway, optional
            Pathways by id that are in no commit yet.

        Raises
        ------
        NotPositiveDefinite
            The subtractions take more than is there.
        FormatError
            Something it needs is damaged.
        """
        base = self.base(recipe.base)
        folded = self.folded(recipe.anchor)
        pathways = self._pathways(recipe.events, folded) | dict(new or {})
        ordered = [pathways[one] for one in sorted(pathways, key=lambda one: (-pathways[one].sign, one))]
        anchor = anchor_of(base.covariance if recipe.anchor is None else self._inversion(recipe.anchor))
        everything = {event.pathway for event in recipe.events} | set(new or {})
        content = layout.version_content_id(recipe.base, everything)
        return take(base.panel, anchor, ordered, base.deviations, name=name, content=content)

    def folded(self, anchor: str | None) -> frozenset[str]:
        """Return the ids of the pathways that an anchor has taken in."""
        if anchor is None:
            return frozenset()
        return frozenset(event.pathway for event in self._anchored(anchor).events)

    def anchored(self, snapshot: Snapshot, anchor: str) -> Snapshot:
        """Return a snapshot of the same version, read from its own full inversion."""
        source = anchor_of(self._inversion(anchor))
        return take(snapshot.panel, source, (), np.ones(len(snapshot.panel)), content=snapshot.content)

    def invert(self, recipe: Recipe, new: Mapping[str, Pathway] | None = None) -> str:
        """Invert a version in full, keep the result as an anchor, and return its content id."""
        snapshot = self.snapshot(Recipe(recipe.base, recipe.events), new=new)
        self._keep(snapshot.content, recipe, new or {}, reinverted(snapshot))
        return snapshot.content

    def _inversion(self, anchor: str) -> DenseCovariance:
        """Return an anchor's full inversion, made again when the cache has lost it or holds it damaged."""
        found = anchors.read(self.anchor_folder, anchor)
        if found is None:
            return self._remake(anchor)
        return anchors.mended(found, lambda: self._remake(anchor))

    def _remake(self, anchor: str) -> DenseCovariance:
        """Return an anchor's full inversion made again, in memory where the cache cannot be written."""
        if anchor not in self._remade:
            recipe = self._anchored(anchor)
            inversion = reinverted(self.snapshot(recipe))
            kept: DenseCovariance | None = None
            with contextlib.suppress(OSError):  # a store may be read-only
                self._keep(anchor, recipe, {}, inversion)
                kept = anchors.read(self.anchor_folder, anchor)
            self._remade[anchor] = inversion if kept is None else kept
        return self._remade[anchor]

    def _keep(self, anchor: str, recipe: Recipe, new: Mapping[str, Pathway], inversion: DenseCovariance) -> None:
        pathways = {event.pathway for event in recipe.events} | set(new)
        anchors.write(self.anchor_folder, anchor, recipe.base, pathways, inversion)

    def _anchored(self, anchor: str) -> Recipe:
        """Return the version that an anchor is the full inversion of, to be read from its base."""
        for entry in self._history.commits:
            if entry.measured.content == anchor:
                return self.recipe(entry.id, from_base=True)
        raise FormatError(f"No version of the store has the content {anchor}, which one names as its anchor.")

    def _pathways(self, events: Iterable[Event], folded: frozenset[str]) -> dict[str, Pathway]:
        """Return the active pathways that stand as columns, each read once from the first commit that added it."""
        wanted: dict[str, set[str]] = {}
        for pathway, adds in self._history.pathways(frozenset(events)).items():
            if pathway not in folded:
                wanted.setdefault(adds[0].commit, set()).add(pathway)
        found: dict[str, Pathway] = {}
        for commit, ids in wanted.items():
            entry = self._history[commit]
            added = entries.read_pathways(self._log.path(entry.number), entry.commit.adds)
            found.update((one, added[one]) for one in ids)
        return found
