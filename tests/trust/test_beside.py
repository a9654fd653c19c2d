"""Backups and repairs beside others, in short: a round of each kind, and faults that the harness finds."""

from __future__ import annotations

import importlib
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

TRUST = Path(__file__).resolve().parent


@pytest.fixture
def harness() -> Iterator[Any]:
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(TRUST)
        for name in ("aftermath", "planted", "verbs", "races", "lost_files", "beside"):
            patch.delitem(sys.modules, name, raising=False)
        yield importlib.import_module("beside")


@pytest.fixture
def fast(tmp_path: Path) -> Iterator[Path]:
    """A folder where flushing costs nothing, if the system has one."""
    memory = Path("/dev/shm")
    if not memory.is_dir():
        yield tmp_path
        return
    with tempfile.TemporaryDirectory(prefix="grn-", dir=memory) as folder:
        yield Path(folder)


def test_beside_others_backups_and_repairs_end_well(harness: Any, fast: Path) -> None:
    for index, kind in enumerate(harness.KINDS):
        (folder := fast / str(index)).mkdir()
        row = harness.round_of(folder, kind, seed=1)
        assert row.bad == []
        assert all(row.counts[word] for role, word in harness.DONE.items() if role in kind.actors), row


@pytest.mark.parametrize(
    ("plant", "kind", "finding"),
    [
        ("no-second-look", "later backups, no lock", "is another by now"),
        ("stale-report", "backups beside writers", "lost ["),
        ("never-again", "repairs of a damaged store", "read: it never could"),
    ],
)
def test_a_planted_fault_is_detected(harness: Any, fast: Path, plant: str, kind: str, finding: str) -> None:
    (wanted,) = [other for other in harness.KINDS if other.name == kind]

    def is_seen(nth: int) -> bool:
        (folder := fast / str(nth)).mkdir()
        row = harness.round_of(folder, wanted, plant=harness.PLANTS[plant], seed=nth)
        return any(finding in problem for problem in row.bad)

    assert any(is_seen(nth) for nth in range(20))  # whether processes meet in one round is chance
