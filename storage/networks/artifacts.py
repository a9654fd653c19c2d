"""Analyses kept in a store, each under a key made of what it is of and how it was made, by which it is found again.

An analysis can be made again: one that is damaged is as good as none, and the next that asks for it writes it anew.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ...engine.errors import Conflict, FormatError, NotFound
from ..files import durable, hdf5, layout
from ..files.locations import DirectoryStore
from ..history.log import read_only
from ..history.records import ArtifactRecord, parse

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from numpy.typing import NDArray

    from ..files.locations import Locations
    from ..history.records import Parameter

LEAST_PREFIX = 4
"""The least number of digits that name an analysis."""


@dataclass(frozen=True, slots=True)
class Artifact:
    """An analysis of the store.

    Parameters
    ----------
    key : str
        What it is found by.
    record : ArtifactRecord
        What it is of, how it was made, and what it came to.
    arrays : mapping of str to ndarray
        Its numbers.
    """

    key: str
    record: ArtifactRecord
    arrays: Mapping[str, NDArray[Any]]


class Artifacts:
    """The analyses of a store.

    Parameters
    ----------
    places : Places
        Where the files of the store stand.
    stamp : callable
        Returns who writes, and when.
    """

    def __init__(self, places: Locations, stamp: Callable[[], tuple[str, str]]) -> None:
        self._places, self._stamp = places, stamp

    def keys(self) -> list[str]:
        """Return the keys of all that are there, sound or not."""
        return self._places.artifacts()

    def read(self, key: str) -> Artifact:
        """Return an analysis.

        Raises
        ------
        FormatError
            It is missing or damaged, or cannot be read.
        """
        found = _attempt(self._places, key)
        if isinstance(found, FormatError):
            raise FormatError(found.message, hint="`grn nmf` makes it anew where it is asked again.")
        return found

    def unsound(self) -> int:
        """Return how many cannot be read: a clone or an export leaves them out."""
        return sum(isinstance(one, FormatError) for one in self.each())

    def each(self) -> Iterator[Artifact | FormatError]:
        """Yield every analysis, the newest first; those that cannot be read last, as what is wrong with them."""
        found = [_attempt(self._places, key) for key in self.keys()]
        sound = [one for one in found if isinstance(one, Artifact)]
        yield from sorted(sound, key=lambda one: one.record.time, reverse=True)
        yield from (one for one in found if isinstance(one, FormatError))

    def named(self, prefix: str) -> Artifact:
        """Return the analysis whose key begins so.

        Raises
        ------
        NotFound
            None does.
        Conflict
            Several do.
        """
        digits = prefix.lower()
        keys = [key for key in self.keys() if key.startswith(digits)] if len(digits) >= LEAST_PREFIX else []
        if len(keys) == 1:
            return self.read(keys[0])
        if keys:
            some = ", ".join(key[: len(digits) + 4] for key in keys[:3])
            raise Conflict(f"{prefix!r} is how {len(keys)} analyses begin: {some}.", hint="Write more digits.")
        hint = f"`grn nmf list` lists them; an id has {LEAST_PREFIX} digits or more."
        raise NotFound(f"There is no analysis {prefix!r} in this store.", hint=hint)

    def find(self, analysis: str, content: str, parameters: Mapping[str, Parameter]) -> Artifact | None:
        """Return the analysis of this kind, of this content, made in this way; `None` if there is none that is sound.

        Parameters
        ----------
        analysis : str
            Its kind, such as `nmf`.
        content : str
            The content id of the version, the id of the base, or the SHA-256 of the file that it is of.
        parameters : mapping
            All that makes one analysis differ from another, the seed too.
        """
        key = layout.artifact_key(analysis, content, parameters)
        found = _attempt(self._places, key) if key in self.keys() else None
        return found if isinstance(found, Artifact) else None

    def keep(
        self,
        analysis: str,
        content: str,
        parameters: Mapping[str, Parameter],
        arrays: Mapping[str, NDArray[Any]],
        *,
        source: str,
        facts: Mapping[str, Parameter],
        software: Mapping[str, str],
    ) -> Artifact:
        """Write an analysis durably, and return it; arguments as for `find`.

        Parameters
        ----------
        analysis, content, parameters
            As for `find`.
        arrays : mapping of str to ndarray
            Its numbers.
        source : str
            What it is of, in a line for people.
        facts : mapping
            What it came to that is no array.
        software : mapping of str to str
            The packages that made it, and their versions.

        Raises
        ------
        Conflict
            The store is an exported file.
        OSError
            The disk refused: nothing is kept.
        """
        if not isinstance(self._places, DirectoryStore):
            raise read_only(self._places)
        key = layout.artifact_key(analysis, content, parameters)
        author, time = self._stamp()
        record = ArtifactRecord(
            analysis=analysis,
            content=content,
            source=source,
            parameters=parameters,
            facts=facts,
            author=author,
            time=time,
            software=software,
        )
        _put(self._places, key, hdf5.Content(layout.ARTIFACT, record.canonical(), arrays).seal().write)
        return Artifact(key, record, arrays)


def sound(places: Locations, contents: set[str] | None = None) -> Iterator[tuple[str, hdf5.Location]]:
    """Yield key and place of each analysis that can be read, of some contents alone where these are given."""
    for key in places.artifacts():
        found = _attempt(places, key)
        if isinstance(found, Artifact) and (contents is None or found.record.content in contents):
            yield key, places.artifact(key)


def copy(source: Locations, target: DirectoryStore) -> None:
    """Bring every analysis of another store that can be read."""
    for key, place in sound(source):
        _put(target, key, hdf5.copy(place))


def check(places: Locations, key: str) -> None:
    """Refuse an analysis that is damaged, or not the one that its name says.

    Raises
    ------
    FormatError
        What is wrong.
    """
    _read(places, key)


def _read(places: Locations, key: str) -> Artifact:
    place = places.artifact(key)
    stored = hdf5.read(place, layout.ARTIFACT)
    record = parse(ArtifactRecord, stored.record, place)
    if layout.artifact_key(record.analysis, record.content, record.parameters) != key:
        raise FormatError(f"{place} is damaged: it is not the analysis that its name says.")
    return Artifact(key, record, stored.arrays)


def _attempt(places: Locations, key: str) -> Artifact | FormatError:
    try:
        return _read(places, key)
    except FormatError as failure:
        return failure
    except OSError as failure:
        return FormatError(f"{places.artifact(key)} cannot be read: {failure.strerror}.")


def _put(folder: DirectoryStore, key: str, write: Callable[[durable.Output], object]) -> None:
    path = folder.artifact(key).path
    if path.parent.is_symlink():
        raise Conflict(f"{path.parent} is a link: a store keeps its files within itself.", hint="Remove the link.")
    if not path.parent.is_dir():
        durable.make_folder(path.parent)
        durable.flush(folder.path)
    durable.put(path, write)
