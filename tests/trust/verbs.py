"""The verbs that write, as the harnesses of trust run them: what stands there before, the call, and the command.

Whatever is done carries one author and one time, so that a verb done twice on equal stores gives equal stores.
"""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import grnledger
import numpy as np
from grnledger.engine.network.covariance import FactorCovariance
from grnledger.engine.network.pathway import Pathway
from grnledger.storage.files import durable, layout
from grnledger.storage.transfer.clone import clone
from grnledger.storage.verify.repair import repair

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from grnledger.storage.files.access import Sharing
    from grnledger.storage.repository import Repository
    from numpy.typing import NDArray

AUTHOR = "ada"
NOON = datetime(2026, 11, 1, 12, tzinfo=UTC)
ENVIRONMENT = {"GRN_AUTHOR": AUTHOR, "SOURCE_DATE_EPOCH": str(int(NOON.timestamp())), "OPENBLAS_NUM_THREADS": "1"}
"""What gives a `grn` process the same author and time, and one thread."""

STORE, LAB, SHARED = "tumor.grn", "lab.grn", "shared.grn"
"""The store; a colleague's, two commits ahead of it; and one that is behind it."""

EXPORTED = "lab.h5"
"""The colleague's store as one file."""

NEW, FILE, MIRROR = "new.grn", "whole.h5", "mirror.backup"
"""What is made."""

MODEL, SECOND, MATRIX, SETS = "model.npz", "second.npz", "matrix.npz", "sets.gmt"


@dataclass(frozen=True, slots=True)
class Verb:
    """One verb that writes.

    Parameters
    ----------
    name : str
        What people call it.
    act : callable
        Given the folder of the stores and the opened store, does it.
    command : tuple of str
        The same as arguments of `grn`, where `@` stands for the folder.
    holds : tuple of str
        The stores and files that it needs; the first is opened, if any.
    changes : str
        The store or file that it changes.
    prepare : callable
        Given the folder, does what must have happened before.
    mends : bool
        Whether the store that it changes cannot be read before: that counts as if nothing stood there.
    steps : bool
        Whether it works in steps, each of which stays where a later one fails.
    """

    name: str
    act: Callable[[Path, Repository | None], object]
    command: tuple[str, ...]
    holds: tuple[str, ...] = (STORE,)
    changes: str = STORE
    prepare: Callable[[Path], object] = lambda folder: folder
    mends: bool = False
    steps: bool = False

    def open(self, folder: Path) -> Repository | None:
        """Return the store that the verb is done on, opened; `None` where it makes the first."""
        return opened(folder / self.holds[0]) if self.holds and self.holds[0].endswith(".grn") else None

    def arguments(self, folder: Path) -> list[str]:
        """Return the arguments of `grn` that do it."""
        return [argument.replace("@", f"{folder}/") for argument in self.command]


def opened(path: Path) -> Repository:
    """Return a store, opened by the one author at the one time."""
    return grnledger.open(path, author=AUTHOR, time=NOON)


def pathway(name: str, *, first: int, size: int, sign: int = 1) -> Pathway:
    """Return a pathway on eight genes of a panel of `size`."""
    genes = np.sort((first + np.arange(8) * (size // 11)) % size).astype(np.intp)
    loadings = np.cos(first + np.arange(8.0))[:, np.newaxis] * (0.3 if sign == 1 else 0.05)
    return Pathway((name,), genes, loadings, 1 if sign == 1 else -1, "sd")


def build(folder: Path, *, size: int, dense: bool, shared: Sharing | None = None) -> Path:
    """Make the stores and files that the verbs begin with, and return their folder.

    Parameters
    ----------
    folder : Path
        Where nothing stands yet.
    size : int
        p, the genes of the panel.
    dense : bool
        Whether the base is a dense covariance with its inverse, and not factors.
    shared : Sharing, optional
        Who may use the stores.
    """
    folder.mkdir()
    genes = [f"GENE{index}" for index in range(size)]
    model = factors(size)
    np.savez(folder / MODEL, loadings=model.loadings, noise=model.noise, genes=genes)
    np.savez(folder / SECOND, loadings=1.1 * model.loadings, noise=2 * model.noise, genes=genes)
    np.savez(folder / MATRIX, covariance=covariance(size), genes=genes)
    (folder / SETS).write_text("\t".join(["HYPOXIA", "-", *genes[3 : size // 2 : 2]]) + "\n")
    source = {"covariance": covariance(size)} if dense else {"factor_model": model}
    store = grnledger.init(folder / STORE, genes=genes, author=AUTHOR, time=NOON, shared=shared, **source)
    store.commit([pathway("p53", first=1, size=size)])
    shutil.copytree(folder / STORE, folder / SHARED)
    store.commit([pathway("wnt", first=2, size=size), pathway("loss", first=3, size=size, sign=-1)])
    store.create_branch("side", "v1")
    store.switch("side")
    store.commit([pathway("notch", first=4, size=size)])
    store.switch("main")
    store.create_tag("paper", "v1")
    shutil.copytree(folder / STORE, folder / LAB)
    lab = opened(folder / LAB)
    for index, name in enumerate(("myc", "ras")):
        lab.commit([pathway(name, first=5 + index, size=size)])
    lab.export(folder / EXPORTED)
    return folder


def factors(size: int) -> FactorCovariance:
    """Return a covariance of two factors and noise."""
    stream = np.random.default_rng(1)
    return FactorCovariance(stream.uniform(0.5, 1.5, size), stream.normal(size=(size, 2)))


def covariance(size: int) -> NDArray[np.float64]:
    """Return a dense covariance that is no factor model: neighbours on the panel are correlated."""
    places = np.arange(size)
    return 0.6 ** np.minimum(np.abs(places[:, np.newaxis] - places), 200).astype(np.float64)


def lay_out(prepared: Path, folder: Path, verb: Verb) -> None:
    """Make a fresh copy of what a verb needs, in place of what stood in the folder.

    The folder is the same for all cases: a path may be recorded in what a verb writes.
    """
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for name in (*verb.holds, MODEL, SECOND, MATRIX, SETS):
        source = prepared / name
        (shutil.copytree if source.is_dir() else shutil.copyfile)(source, folder / name)
    verb.prepare(folder)


def next_commit(store: Repository, *, nth: int = 0) -> None:
    """Do what shall work after whatever has happened: one more commit."""
    store.commit([pathway(f"after-{nth}", first=7 + nth, size=len(store.panel))])


def _init(folder: Path, _: Repository | None) -> object:
    with np.load(folder / MODEL) as model:
        values = FactorCovariance(model["noise"], model["loadings"])
        genes = model["genes"].tolist()
    return grnledger.init(folder / NEW, factor_model=values, genes=genes, author=AUTHOR, time=NOON)


def _init_dense(folder: Path, _: Repository | None) -> object:
    with np.load(folder / MATRIX) as matrix:
        values, genes = matrix["covariance"], matrix["genes"].tolist()
    return grnledger.init(folder / NEW, covariance=values, genes=genes, author=AUTHOR, time=NOON)


def _commit(_: Path, store: Repository | None) -> object:
    assert store is not None
    size = len(store.panel)
    new = [pathway("hypoxia", first=9, size=size), pathway("deletion", first=5, size=size, sign=-1)]
    return store.commit(new, message="both")


def _base(folder: Path, store: Repository | None) -> object:
    assert store is not None
    return grnledger.set_base(store, factor_model=folder / SECOND)


def _clone(folder: Path, _: Repository | None) -> object:
    return clone(folder / STORE, folder / NEW)


def _repair(folder: Path, _: Repository | None) -> object:
    return repair(folder / STORE)


def _harm(folder: Path) -> None:
    """Damage what is derived, and leave what a dead writer leaves."""
    store = opened(folder / STORE)
    store.reinvert()
    for file in sorted((folder / STORE / layout.CACHE).rglob(f"*{layout.FILE_ENDING}")):
        file.write_bytes(file.read_bytes()[:-9])
    leftover = durable.temporary_of(folder / STORE / layout.LOG / layout.entry_name(99))
    leftover.write_bytes(b"half of an ent")
    os.utime(leftover, (0, 0))


def _back_up_before(folder: Path) -> None:
    """Make a backup, and then one more version."""
    store = opened(folder / STORE)
    store.backup(folder / MIRROR)
    store.commit([pathway("later", first=8, size=len(store.panel))])


def _restore(folder: Path, _: Repository | None) -> object:
    return repair(folder / STORE, sources=[folder / LAB])


def _lose(folder: Path) -> None:
    """Remove an entry of the log, and the base."""
    (folder / STORE / layout.LOG / layout.entry_name(2)).unlink()
    for file in (folder / STORE / layout.BASES).iterdir():
        file.unlink()


def _to(method: str, name: str) -> Callable[[Path, Repository | None], object]:
    """Return a step that calls a method of the store with another store or file."""
    return lambda folder, store: getattr(store, method)(folder / name)


def _on(method: str, *arguments: object) -> Callable[[Path, Repository | None], object]:
    """Return a step that calls a method of the store."""
    return lambda _, store: getattr(store, method)(*arguments)


S = ("-s", f"@{STORE}")

VERBS = (
    Verb("init", _init, ("init", f"@{NEW}", "--factor-model", f"@{MODEL}"), (), NEW),
    Verb("init dense", _init_dense, ("init", f"@{NEW}", "--covariance", f"@{MATRIX}"), (), NEW),
    Verb("commit", _commit, (*S, "commit", f"@{SETS}")),
    Verb("base", _base, (*S, "base", "--factor-model", f"@{SECOND}")),
    Verb("revert", _on("revert", "v1"), (*S, "revert", "v1")),
    Verb("cherry-pick", _on("cherry_pick", "v3"), (*S, "cherry-pick", "v3")),
    Verb("merge", _on("merge", "side"), (*S, "merge", "side")),
    Verb("rollback", _on("rollback", "v1"), (*S, "rollback", "v1")),
    Verb("branch", _on("create_branch", "trial"), (*S, "branch", "trial")),
    Verb("tag", _on("create_tag", "submitted"), (*S, "tag", "submitted")),
    Verb("switch", _on("switch", "side"), (*S, "switch", "side")),
    Verb("reinvert", _on("reinvert"), (*S, "reinvert")),
    Verb("pack", _on("pack"), (*S, "pack")),
    Verb("export", _to("export", FILE), (*S, "export", f"@{FILE}"), changes=FILE),
    Verb("import", _to("fetch", EXPORTED), (*S, "import", f"@{EXPORTED}"), (STORE, EXPORTED)),
    Verb("fetch", _to("fetch", LAB), (*S, "fetch", f"@{LAB}"), (STORE, LAB)),
    Verb("push", _to("push", SHARED), (*S, "push", f"@{SHARED}"), (STORE, SHARED), SHARED),
    Verb("clone", _clone, ("clone", f"@{STORE}", f"@{NEW}"), changes=NEW),
    Verb("repair", _repair, (*S, "verify", "--repair"), prepare=_harm),
    Verb("backup", _to("backup", MIRROR), (*S, "backup", f"@{MIRROR}"), changes=MIRROR, steps=True),
    Verb(
        "backup again",
        _to("backup", MIRROR),
        (*S, "backup", f"@{MIRROR}"),
        changes=MIRROR,
        prepare=_back_up_before,
        steps=True,
    ),
    Verb(
        "restore",
        _restore,
        (*S, "verify", "--repair", "--from", f"@{LAB}"),
        (STORE, LAB),
        prepare=_lose,
        mends=True,
        steps=True,
    ),
)
