"""Analyses kept in a store, each under a key: the hash of the content that it is of, its kind and its parameters.

An analysis can be computed again: a damaged one counts as missing, and the next request for it writes it anew. So does
one that was computed elsewhere, which came with a clone or stands in a file of others: it is shown as that, and is
never the answer to a request.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ...engine.errors import AccessDenied, Conflict, FormatError, NotFound
from ...formats.files.plain_files import file_name
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
"""The smallest number of hexadecimal digits that may name an analysis."""


@dataclass(frozen=True, slots=True)
class Artifact:
    """An analysis of the store.

    Parameters
    ----------
    key : str
        The key that it is kept under.
    record : ArtifactRecord
        The content that it is of, its parameters, and the facts that came of it.
    arrays : mapping of str to ndarray
        Its numbers.
    elsewhere : str
        The name of the store or file that computed it; empty where this store did.
    """

    key: str
    record: ArtifactRecord
    arrays: Mapping[str, NDArray[Any]]
    elsewhere: str = ""


class Artifacts:
    """The analyses of a store.

    Parameters
    ----------
    locations : Locations
        Where the files of the store stand.
    stamp : callable
        Returns who writes, and when.
    """

    def __init__(self, locations: Locations, stamp: Callable[[], tuple[str, str]]) -> None:
        self._locations, self._stamp = locations, stamp

    def keys(self) -> list[str]:
        """Return the keys of all analyses that are there, sound or not."""
        return self._locations.artifacts()

    def read(self, key: str) -> Artifact:
        """Return an analysis.

        Raises
        ------
        FormatError
            It is missing or damaged, or cannot be read.
        AccessDenied
            This account may not read it.
        """
        artifact = _attempt(self._locations, key, skip=())
        if isinstance(artifact, FormatError):
            raise FormatError(artifact.message, code="analysis-damaged")
        return artifact

    def unsound(self) -> int:
        """Return how many cannot be read: a clone or an export leaves them out."""
        return sum(isinstance(artifact, FormatError) for artifact in self.each())

    def each(self) -> Iterator[Artifact | FormatError]:
        """Yield every analysis, the newest first; at the end the errors of those that cannot be read."""
        artifacts = [_attempt(self._locations, key) for key in self.keys()]
        sound = [artifact for artifact in artifacts if isinstance(artifact, Artifact)]
        yield from sorted(sound, key=self._age, reverse=True)
        yield from (artifact for artifact in artifacts if isinstance(artifact, FormatError))

    def _age(self, artifact: Artifact) -> tuple[str, int]:
        """Return when an analysis was made: to the second, and of the same second by the time of its file."""
        try:
            return artifact.record.time, self._locations.artifact(artifact.key).path.stat().st_mtime_ns
        except OSError:
            return artifact.record.time, 0

    def find_by_prefix(self, prefix: str) -> Artifact:
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
            raise Conflict(
                f"{len(keys)} analyses have ids that begin with {prefix!r}: {some}.", hint="Give more digits."
            )
        message = f"There is no analysis {prefix!r} in this store."
        raise NotFound(message, code="analysis-unknown", facts={"digits": LEAST_PREFIX})

    def find(self, analysis: str, content: str, parameters: Mapping[str, Parameter]) -> Artifact | None:
        """Return the analysis of this kind, of this content, made in this way and in this store; `None` without one.

        Parameters
        ----------
        analysis : str
            Its kind, such as `nmf`.
        content : str
            The content id of the version, the id of the base, or the SHA-256 of the file that it is of.
        parameters : mapping
            All parameters that the analysis depends on, the seed included.
        """
        key = layout.artifact_key(analysis, content, parameters)
        artifact = _attempt(self._locations, key) if key in self.keys() else None
        return artifact if isinstance(artifact, Artifact) and not artifact.elsewhere else None

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
            A line for people that says what it is an analysis of.
        facts : mapping
            Results that are no arrays.
        software : mapping of str to str
            The packages that computed it, and their versions.

        Raises
        ------
        Conflict
            The store is an exported file.
        OSError
            The disk refused: nothing is kept.
        """
        if not isinstance(self._locations, DirectoryStore):
            raise read_only(self._locations)
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
        _put(self._locations, key, hdf5.Content(layout.ARTIFACT, record.canonical(), arrays).seal().write)
        return Artifact(key, record, arrays)


def sound_artifacts(locations: Locations, contents: set[str] | None = None) -> Iterator[tuple[str, hdf5.Location]]:
    """Yield key and location of each analysis that can be read; `contents` keeps to those of some content ids."""
    for key in locations.artifacts():
        artifact = _attempt(locations, key)
        if isinstance(artifact, Artifact) and (contents is None or artifact.record.content in contents):
            yield key, locations.artifact(key)


def copy_artifacts(source: Locations, target: DirectoryStore, *, missing: bool = False, elsewhere: bool = False) -> int:
    """Copy every analysis of another store that can be read, and return their number.

    Parameters
    ----------
    source : Locations
        The other store.
    target : DirectoryStore
        The store to copy them to.
    missing : bool
        Whether to copy those alone that cannot be read in the target.
    elsewhere : bool
        Whether the copies are marked as computed elsewhere, and do not answer for what is computed here.
    """
    copied = 0
    for key, location in sound_artifacts(source):
        if missing and isinstance(_attempt(target, key), Artifact):
            continue
        if elsewhere:
            artifact = read_artifact(source, key)
            record = artifact.record.model_copy(update={"elsewhere": artifact.elsewhere or file_name(source.path)})
            _put(target, key, hdf5.Content(layout.ARTIFACT, record.canonical(), artifact.arrays).seal().write)
        else:
            _put(target, key, hdf5.copy(location))
        copied += 1
    return copied


def read_artifact(locations: Locations, key: str) -> Artifact:
    """Return an analysis of a store.

    Raises
    ------
    FormatError
        It is damaged, or not the one that its name says.
    """
    location = locations.artifact(key)
    stored = hdf5.read(location, layout.ARTIFACT)
    record = parse(ArtifactRecord, stored.record, location)
    if layout.artifact_key(record.analysis, record.content, record.parameters) != key:
        raise FormatError(f"{location} is damaged: its content does not match its name.")
    own = isinstance(locations, DirectoryStore)  # what stands in a file came from whoever wrote the file
    return Artifact(key, record, stored.arrays, record.elsewhere or ("" if own else file_name(locations.path)))


def _attempt(
    locations: Locations, key: str, skip: tuple[type[Exception], ...] = (AccessDenied,)
) -> Artifact | FormatError:
    """Return an analysis, or why it counts as missing: of several, also one that this account may not read."""
    try:
        return read_artifact(locations, key)
    except FormatError as failure:
        return failure
    except skip as denied:
        return FormatError(str(denied))
    except AccessDenied:
        raise
    except OSError as failure:
        return FormatError(f"{locations.artifact(key)} cannot be read: {failure.strerror}.")


def _put(store: DirectoryStore, key: str, write: Callable[[durable.Output], object]) -> None:
    path = store.artifact(key).path
    if path.parent.is_symlink():
        raise Conflict(f"{path.parent} is a link, and a store must contain its files itself.", hint="Remove the link.")
    if not path.parent.is_dir():
        durable.make_folder(path.parent)
        durable.flush(store.path)
    durable.put(path, write)
