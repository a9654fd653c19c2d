"""History moved between stores: what arrived, and what was left out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...engine.wording import counted
from .. import output
from .answer import EVERY_FORM, ROWS, Answer, Note, caution

if TYPE_CHECKING:
    from ...storage.repository import Repository
    from ...storage.transfer.fetch_push import TransferReport


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
