"""The records that stand in the store's files, and nothing else: what comes off the disk is checked here."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Literal, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from ...engine.errors import FormatError
from ..files import layout


def _existing_time(text: str) -> str:
    """Return a time in UTC that there is, such as no 30th of February."""
    datetime.fromisoformat(text)  # whose message names what is wrong
    return text


Hash = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Time = Annotated[
    str,
    Field(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$"),
    AfterValidator(_existing_time),
]
Line = Annotated[str, Field(max_length=1_000)]
Count = Annotated[int, Field(ge=0, le=2**53)]
Parameter = str | float | int | bool | None


class Record(BaseModel):
    """A record: immutable, without unknown fields, written as canonical JSON."""

    # A model is built when it is first used: reading the log needs half of them.
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, defer_build=True)

    def canonical(self) -> str:
        """Return the record's one JSON text."""
        return layout.canonical_json(self.model_dump(mode="json"))


RecordType = TypeVar("RecordType", bound=Record)


class PathwayRecord(Record):
    """A pathway that a commit adds; its numbers stand in the commit's arrays."""

    id: Hash
    names: tuple[str, ...] = Field(min_length=1)
    genes: Count
    sign: Literal[1, -1]
    units: Literal["sd", "raw"]
    covariance: bool
    missing: tuple[str, ...] = ()


class DropRecord(Record):
    """A pathway that a commit drops, with the commits whose adding of it the drop has seen."""

    id: Hash
    names: tuple[str, ...] = Field(min_length=1)
    seen: tuple[Hash, ...] = Field(min_length=1)


class SourceRecord(Record):
    """The file that something was read from, and how."""

    file: str
    sha256: Hash
    parameters: Mapping[str, Parameter] = {}


class CommitRecord(Record):
    """What the user said: its hash is the commit's id, in whichever store it stands."""

    parents: tuple[Hash, ...] = Field(max_length=2)
    base: Hash
    sets_base: bool
    adds: tuple[PathwayRecord, ...]
    drops: tuple[DropRecord, ...]
    author: Line
    time: Time
    message: str
    source: SourceRecord | None = None


class MeasuredRecord(Record):
    """What this store found when it wrote a commit, and how the commit is read here."""

    content: Hash
    rank: Count
    rank_since: Count
    anchor: Hash | None
    since_anchor: Count
    probe: Annotated[float, Field(ge=0)] | None
    guard: Annotated[float, Field(gt=0, le=1.000001)]


class LoggedCommit(Record):
    """A commit as an entry of the log brings it."""

    id: Hash
    commit: CommitRecord
    measured: MeasuredRecord


class MoveRecord(Record):
    """One ref's move: a branch or tag to a commit, or HEAD to a branch; `None` is nowhere."""

    ref: str
    before: str | None
    after: str | None


class EntryRecord(Record):
    """An entry of the log: the commits that it brings, and the refs that it moves, all at once."""

    number: Annotated[int, Field(ge=1)]
    previous: Hash | None
    versions: Count
    commits: tuple[LoggedCommit, ...] = ()
    moves: tuple[MoveRecord, ...] = Field(min_length=1)
    reason: str
    author: Line
    time: Time


class BaseRecord(Record):
    """Where a base comes from."""

    form: Literal["factor", "dense"]
    genes: Annotated[int, Field(ge=2)]
    factors: Count
    samples: Count | None = None
    estimator: str
    parameters: Mapping[str, Parameter] = {}
    preparation: Mapping[str, Parameter] = {}
    source: SourceRecord | None = None
    constant_genes: Count = 0
    log_det: float | None = None
    keeps_expression: bool = False
    notes: tuple[str, ...] = ()
    software: Mapping[str, str] = {}


class ArtifactRecord(Record):
    """An analysis: what it is of, how it was made, when, and what it came to beside its arrays.

    `elsewhere` names the store that it came from, where it was not computed in this one.
    """

    analysis: Annotated[str, Field(pattern=r"^[a-z]{1,20}$")]
    content: Hash
    source: Line
    parameters: Mapping[str, Parameter]
    facts: Mapping[str, Parameter] = {}
    author: Line
    time: Time
    software: Mapping[str, str] = {}
    elsewhere: str = ""


class AnchorRecord(Record):
    """A full inversion of a version: derived, and made again when it is missing."""

    content: Hash
    base: Hash
    pathways: tuple[Hash, ...]
    log_det: float


def parse(model: type[RecordType], text: str, where: object) -> RecordType:
    """Return a record from its JSON text.

    Raises
    ------
    FormatError
        The text is not such a record; the message names the file and the field.
    """
    try:
        return model.model_validate_json(text, strict=True)  # a number as text is none
    except ValidationError as failure:
        first = failure.errors()[0]
        field = ".".join(str(part) for part in first["loc"])
        raise FormatError(f"{where} is damaged: {field or 'its record'}: {first['msg']}.") from None
