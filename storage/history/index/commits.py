"""The commits of the index, as the history has them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, overload

from ..commits import Commit

if TYPE_CHECKING:
    from .log_index import LogIndex


class IndexedCommits(Sequence[Commit]):
    """The commits that an index has now, each read when it is first asked for: of ten thousand, few are.

    Parameters
    ----------
    index : LogIndex
        The index.

    Attributes
    ----------
    numbers : CommitNumbers
        Of each, by its id, n of its version vn.
    """

    def __init__(self, index: LogIndex) -> None:
        self._index, self._length = index, index.versions
        self.numbers = CommitNumbers(index)
        self._made: dict[int, Commit] = {}

    def __len__(self) -> int:
        """How many there are."""
        return self._length

    @overload
    def __getitem__(self, index: int) -> Commit: ...
    @overload
    def __getitem__(self, index: slice) -> list[Commit]: ...
    def __getitem__(self, index: int | slice) -> Commit | list[Commit]:
        """Return one, or several, in the order of the log."""
        if isinstance(index, slice):
            return [self[position] for position in range(*index.indices(len(self)))]
        if not 0 <= index < len(self):
            raise IndexError(index)
        if index not in self._made:
            self._made[index] = self._index.commit(index)
        return self._made[index]

    @property
    def ids(self) -> list[str]:
        """The ids of all."""
        return [id_ for id_, _ in self._index.ids()[: self._length]]

    def contents(self) -> list[str]:
        """Return the content ids of the versions of all."""
        return [content for _, content in self._index.ids()[: self._length]]


class CommitNumbers:
    """Of each commit of an index, and of those that come later, n of its version vn: found when it is asked for.

    Parameters
    ----------
    index : LogIndex
        The index.
    """

    def __init__(self, index: LogIndex) -> None:
        self._index, self._earlier = index, index.versions
        self._found: dict[str, int] = {}
        self._later: dict[str, int] = {}

    def __getitem__(self, commit: str) -> int:
        if commit in self._later:
            return self._later[commit]
        if commit not in self._found:
            if (number := self._index.number_of(commit)) is None:
                raise KeyError(commit)
            self._found[commit] = number
        return self._found[commit]

    def __setitem__(self, commit: str, number: int) -> None:
        self._later[commit] = number

    def __contains__(self, commit: object) -> bool:
        return commit in self._later or commit in self._found or self._index.number_of(str(commit)) is not None

    def __len__(self) -> int:
        """How many there are."""
        return self._earlier + len(self._later)
