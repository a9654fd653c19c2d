"""History moved between stores, and who may use a store: what arrived, what was left out, what others may do."""

from __future__ import annotations

import errno
from contextlib import contextmanager
from shlex import quote
from typing import TYPE_CHECKING

from ...engine.errors import FormatError, NotFound
from ...engine.wording import counted
from .. import errors, output
from .answer import EVERY_FORM, ROWS, TEXT_AND_ROWS, Answer, Note, caution

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    from ...storage.files.access import Sharing
    from ...storage.repository import Repository
    from ...storage.transfer.fetch_push import TransferReport


@contextmanager
def reading_back(path: Path) -> Generator[None]:
    """Say of what fails here that the file or store has been written: it is read back, to say what is in it.

    Raises
    ------
    FormatError, OSError, MemoryError
        As what is raised in the block, with the path, and that it stands.
    """
    from ...storage.files.durable import Unconfirmed

    stands = "it is written, but could not be read back"
    try:
        yield
    except (FormatError, NotFound) as failure:
        hint = f"`grn -s {path} verify` reads all of it."
        raise FormatError(f"{path}: {stands}: {failure.message}", hint=hint) from None
    except MemoryError:
        raise MemoryError(f"{path}: {stands}: there is not enough memory.") from None
    except OSError as failure:
        raise Unconfirmed(failure.errno or errno.EIO, f"{stands} ({failure.strerror or failure})", str(path)) from None


def arrivals(repo: Repository, report: TransferReport, *, nothing: str) -> Answer:
    """Return what arrived in a store.

    Parameters
    ----------
    repo : Repository
        The store that it arrived in.
    report : TransferReport
        What did.
    nothing : str
        What people read where nothing did.
    """
    versions = {id_: (name, content) for name, id_, content in repo.identities()}
    rows = [(*move.ref.partition("/")[::2], *versions[move.after], move.after) for move in report.moves if move.after]

    def text() -> str:
        if not rows:
            return nothing
        news = [counted(len(report.commits), "new version") if report.commits else "all versions were here already"]
        if report.bases:
            news.append(counted(report.bases, "new base"))
        lines = [f"  {kind} {ref} is at {version}" for kind, ref, version, *_ in rows]
        return "\n".join([output.sentence(" and ".join(news)), *lines])

    return Answer(
        columns=("kind", "ref", "version", "content", "id"),
        rows=rows,
        json=lambda: {"versions": len(report.commits), "bases": report.bases, "refs": ROWS},
        text=text,
    )


def left_out_notes(source: Repository) -> list[Note]:
    """Return a note on the analyses of a store that a copy of it lacks, since they cannot be read, if there are any."""
    number = source.artifacts.unsound()
    text = f"{counted(number, 'analysis', 'analyses')} left out: `grn verify` shows what is wrong."
    return [caution(text, EVERY_FORM)] if number else []


def shared_notes(store: Path) -> list[Note]:
    """Return a note that says who may use a store, where others than its owner may."""
    from ...storage.files import access

    sharing = access.recorded_sharing(store)
    text = _SHARED[sharing or "no"].format(group=access.group_name(store.stat().st_gid))
    return [] if sharing in (None, "no") else [Note(text, TEXT_AND_ROWS)]


def share(store: Path, sharing: Sharing) -> Answer:
    """Change who may use a store that is there, and return what was done: exit code 1 where something is left."""
    from ...storage.files import access
    from ...storage.transfer.sharing import set_sharing

    left = set_sharing(store, sharing)
    group, owners = access.group_name(store.stat().st_gid), sorted({misfit.owner for misfit in left})
    rest = (
        f"{counted(len(left), 'file')} of others keep their modes: {', '.join(owners)} can set them with "
        f"`grn -s {quote(str(store))} verify --repair`."
    )
    return Answer(
        columns=("file", "owner", "mode"),
        rows=[(misfit.path, misfit.owner, misfit.mode) for misfit in left],
        json=lambda: {"store": str(store), "shared": sharing, "others": ROWS},
        text=lambda: f"{store}: {_SHARED[sharing].format(group=group)}",
        notes=[caution(rest, EVERY_FORM)] if left else [],
        code=errors.ANSWER_IS_NO if left else errors.DONE,
    )


_SHARED: dict[str, str] = {
    "no": "Not shared: the umask of whoever writes decides. Files that are there keep their modes.",
    "group": "Shared with the group {group}, which may read and write whatever the umask is.",
    "all": "Shared: the group {group} may read and write, and others read, whatever the umask is.",
}
"""Of each way of sharing, a sentence."""
