"""The note in a backup: of which log it is the copy, how far it goes, and when it was last whole."""

from __future__ import annotations

import os
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from . import layout

if TYPE_CHECKING:
    from pathlib import Path

HEADER = "grnledger backup 1\n"
"""The first line of a note; a SHA-256 and JSON follow, in a line each."""

LONGEST = 4_096
"""Most bytes of a note that are read: one is shorter."""


@dataclass(frozen=True, slots=True)
class BackupNote:
    """What a backup says of itself.

    Parameters
    ----------
    first : str
        The content id of the first entry of the log; nothing before the first copy.
    entries : int
        How many entries of the log it has.
    last : str
        The id of the last of them.
    versions : int
        How many versions these brought.
    whole : str
        When it last had all of the store, and was read and found sound: UTC, ISO 8601; nothing where it never did.
    store : str
        The place of the store, as `place_of` returns it; nothing before the first copy.
    """

    first: str = ""
    entries: int = 0
    last: str = ""
    versions: int = 0
    whole: str = ""
    store: str = ""


def is_backup(store: Path) -> bool:
    """Return whether a folder is the backup of a store, whatever its note says."""
    return os.path.lexists(store / layout.BACKUP_FILE)


def place_of(store: Path) -> str:
    """Return a hash of the place of a store, which tells it from its clones: their logs begin alike."""
    import hashlib

    return hashlib.sha256(os.fsencode(os.path.realpath(store))).hexdigest()


def write_note(store: Path, note: BackupNote) -> None:
    """Write the note of a backup, durably."""
    import hashlib  # which a writer that only asks whether there is a note has no need of

    from . import durable

    text = layout.canonical_json(asdict(note))
    content = f"{HEADER}{hashlib.sha256(text.encode()).hexdigest()}\n{text}\n".encode()
    durable.put(store / layout.BACKUP_FILE, lambda output: output.write(content))


def read_note(store: Path) -> BackupNote | None:
    """Return the note of a backup; `None` where there is none, or it is damaged."""
    import hashlib
    import json

    path = store / layout.BACKUP_FILE
    try:
        if path.is_symlink() or not path.is_file():
            return None
        with path.open("rb") as file:
            content = file.read(LONGEST).decode()
        digest, _, text = content.removeprefix(HEADER).removesuffix("\n").partition("\n")
        if not content.startswith(HEADER) or hashlib.sha256(text.encode()).hexdigest() != digest:
            return None
        fields: dict[str, Any] = json.loads(text)
        note = BackupNote(**fields)
    except (OSError, ValueError, TypeError, RecursionError):
        return None
    wanted = BackupNote()
    same = all(type(value) is type(getattr(wanted, name)) for name, value in asdict(note).items())
    return note if same else None
