"""One bit of a finished store turned over, then every version read by a fresh process."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import numpy as np

from . import kill
from .contenders import CONTENDERS
from .counts import ERROR, LOST, RIGHT, WRONG, Counted
from .processes import Broken, answer

if TYPE_CHECKING:
    from pathlib import Path

    from .model import Truth
    from .setting import Setting

VERSIONS = 5

Digests = tuple[str | Broken, dict[int, str]]
"""Of the current version, or why it cannot be read, and of each version that is listed."""


def run(setting: Setting) -> Counted:
    """Return the counts of `setting.count` flips, each in a copy of one store.

    Every second time all bits of the store are equally likely, so that nearly all hit the numbers; the other times all
    files are, so that small ones that say what the numbers mean have their share.
    """
    generator = np.random.default_rng(setting.seed)
    whole = setting.new_store()
    before = _sound(setting, whole)
    counts: dict[str, int] = dict.fromkeys((RIGHT, WRONG, ERROR, LOST), 0)
    late = 0
    for trial in range(setting.count):
        folder = setting.new_folder()
        shutil.copytree(whole, folder, dirs_exist_ok=True)
        where = flip_one(folder, generator, file_first=trial % 2 == 1)
        after = answer(read_all, setting.key, folder)
        outcome = _outcome(before, after)
        counts[outcome] += 1
        late += outcome == ERROR and not isinstance(after, Broken)
        reason = after if isinstance(after, Broken) else after[0]
        setting.tell(f"flip {trial} of {where}: {outcome}{f', {reason.reason}' if isinstance(reason, Broken) else ''}")
        shutil.rmtree(folder)
    shutil.rmtree(whole)
    note = f"{late} of the errors by the current version alone, while all that is listed can be read" if late else ""
    return Counted("bit flip", setting.contender.title, setting.count, "flips", counts, note)


def _outcome(before: Digests, after: Digests | Broken) -> str:
    """Return the outcome; versions that are not listed any more, while all that is read is right, are lost."""
    if isinstance(after, Broken):
        return ERROR
    (newest, listed), (newest_before, listed_before) = after, before
    if any(listed_before.get(version) != digest for version, digest in listed.items()):
        return WRONG
    if isinstance(newest, Broken):
        return ERROR
    if newest != newest_before:
        return WRONG
    return RIGHT if listed == listed_before else LOST


def _sound(setting: Setting, folder: Path) -> Digests:
    """Build a store, and return its digests; refuse to go on if the harness would not find it right, or not twice."""
    built = answer(build, setting.key, folder, setting.truth)
    inspection = answer(kill.inspect, setting.key, folder, setting.truth, VERSIONS)
    digests = [answer(read_all, setting.key, folder) for _ in range(2)]
    if built is not None or inspection != kill.Inspection(RIGHT, inspection.newest) or digests[0] != digests[1]:
        raise SystemExit(f"{setting.key}: a store that nobody harmed is not right: {built}, {inspection}, {digests}.")
    return digests[0]


def build(key: str, folder: Path, truth: Truth) -> None:
    """Commit a few versions."""
    store = CONTENDERS[key].open(folder)
    for item in range(1, VERSIONS + 1):
        store.commit(item, truth.loadings(item))


def read_all(key: str, folder: Path) -> Digests:
    """Return digests of all bits: of each version that the store lists, then of the one it calls current."""
    store = CONTENDERS[key].open(folder)
    listed = {version: store.read(version).digest() for version in store.versions()}
    try:
        return store.newest().digest(), listed
    except Exception as failure:  # noqa: BLE001  whatever a store raises is what is measured
        return Broken(f"{type(failure).__name__}: {failure}"), listed


def flip_one(folder: Path, generator: np.random.Generator, *, file_first: bool) -> str:
    """Turn one random bit over, and say which: of a file chosen first, or of all files together."""
    files = [path for path in sorted(folder.rglob("*")) if path.is_file() and path.stat().st_size]
    sizes = np.array([path.stat().st_size for path in files])
    chosen = int(generator.choice(len(files), p=None if file_first else sizes / sizes.sum()))
    offset, bit = int(generator.integers(sizes[chosen])), int(generator.integers(8))
    with files[chosen].open("r+b") as file:
        file.seek(offset)
        byte = file.read(1)[0]
        file.seek(offset)
        file.write(bytes([byte ^ (1 << bit)]))
    return f"{files[chosen].relative_to(folder)}, byte {offset}, bit {bit}"
