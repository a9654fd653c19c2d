"""A version as it is told: one commit of the history with what the log says of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .records import LoggedCommit, PathwayRecord, SourceRecord


@dataclass(frozen=True, slots=True)
class Version:
    """One version of a network.

    Parameters
    ----------
    number : int
        n of vn: commits count from 0 in the order of this store's log.
    entry : LoggedCommit
        What the log says.
    refs : tuple of str
        HEAD, branches and tags that stand here.
    """

    number: int
    entry: LoggedCommit
    refs: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """`v3`, say."""
        return f"v{self.number}"

    @property
    def id(self) -> str:
        """The commit's id, 64 hex digits."""
        return self.entry.id

    @property
    def content(self) -> str:
        """The content id: of the base and the set of active pathways."""
        return self.entry.measured.content

    @property
    def parents(self) -> tuple[str, ...]:
        """Ids of the commits it came from: none for the first, two for a merge."""
        return self.entry.commit.parents

    @property
    def base(self) -> str:
        """The id of its base."""
        return self.entry.commit.base

    @property
    def added(self) -> tuple[PathwayRecord, ...]:
        """The pathways that the commit added."""
        return self.entry.commit.adds

    @property
    def dropped(self) -> tuple[str, ...]:
        """The names of the pathways that the commit dropped."""
        return tuple(name for drop in self.entry.commit.drops for name in drop.names)

    @property
    def rank(self) -> int:
        """The rank of all active pathways."""
        return self.entry.measured.rank

    @property
    def message(self) -> str:
        """What the author said."""
        return self.entry.commit.message

    @property
    def author(self) -> str:
        """Who committed it."""
        return self.entry.commit.author

    @property
    def time(self) -> str:
        """When, UTC, ISO 8601."""
        return self.entry.commit.time

    @property
    def source(self) -> SourceRecord | None:
        """The file that the pathways were read from."""
        return self.entry.commit.source


@dataclass(frozen=True, slots=True)
class ActivePathway:
    """One pathway that is active in a version.

    Parameters
    ----------
    record : PathwayRecord
        Its id, names, sign, units and number of genes.
    since : str
        The first version that added it; tells pathways of one name apart.
    """

    record: PathwayRecord
    since: str

    @property
    def label(self) -> str:
        """Its names, joined for reading."""
        return ", ".join(self.record.names)
