"""Stores that somebody made to do harm: a sentence and an exit code, little memory, and nothing written outside."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import warnings
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import grnledger
import h5py
import numpy as np
import pytest
from grnledger.engine.network.covariance import FactorCovariance
from grnledger.engine.network.panel import Panel
from grnledger.engine.network.pathway import Pathway
from grnledger.storage.files import chained_text, claims, hdf5, layout
from grnledger.storage.files.chained_text import ChainedText
from grnledger.storage.history import entries, refs
from grnledger.storage.history.index.blocks import HEADER
from grnledger.storage.history.index.rows import CommitRow, EntryRow, RefsRow
from grnledger.storage.history.ledger import Ledger
from grnledger.storage.networks.reading import VersionReader
from h5py import h5s, h5t

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

SIZE = 16
GENES = tuple(f"GENE{number}" for number in range(SIZE))
NOON = datetime(2026, 11, 1, 12, tzinfo=UTC)

MEMORY = 256 << 20
"""Bytes that a command may take beyond what the tests' process has: each of these stores is far smaller."""

PATIENCE = 60
"""Seconds after which a command hangs."""

VERBS: dict[str, tuple[str, ...]] = {
    "log": ("log",),
    "verify": ("verify",),
    "edges": ("edges", "--at", "v0", "--top", "3"),
    "commit": ("commit", "SETS", "--wait", "0"),
    "repair": ("verify", "--repair"),
}

FINE, REFUSED = (0, 0, 0, 0), (6, 6, 6, 6)
LOST_ENTRY, LOST_BASE, DERIVED = (6, 1, 0, 6), (0, 1, 6, 6), (0, 1, 0, 0)
"""How the verbs end: where the second of four entries cannot be read; or the base; or something of the cache."""


def pathway(name: str, strength: float = 0.2) -> Pathway:
    return Pathway.of(Panel(GENES), name, {"GENE1": strength, "GENE4": -strength, "GENE9": 2 * strength})


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a store of four entries, v0 to v2; `packed.grn` and `whole.h5` of the same; and things outside."""
    folder = tmp_path_factory.mktemp("made")
    rng = np.random.default_rng(1)
    model = FactorCovariance(rng.uniform(0.5, 1.5, SIZE), rng.normal(size=(SIZE, 2)))
    repo = grnledger.init(folder / "tumor.grn", factor_model=model, genes=GENES, author="ada", time=NOON)
    repo.commit(pathway("p53"))
    repo.create_branch("drug-a")
    repo.commit(pathway("wnt", 0.1))
    shutil.copytree(folder / "tumor.grn", folder / "packed.grn")
    grnledger.open(folder / "packed.grn").pack()
    repo.export(folder / "whole.h5")
    (folder / "sets.gmt").write_text("HYPOXIA\t-\tGENE2\tGENE3\n")
    (folder / "outside").mkdir()
    (folder / "outside" / "secret.txt").write_text("not to be read\n")
    (folder / "outside" / ".old.0123456789abcdef.tmp").write_text("not to be swept\n")
    os.utime(folder / "outside" / ".old.0123456789abcdef.tmp", (1, 1))
    for name in ("log/0000000002.h5", "log/0000000004.h5", next(repo.path.glob("base/*.h5")).relative_to(repo.path)):
        shutil.copy(repo.path / name, folder / "outside")
    return folder


@dataclass(frozen=True, slots=True)
class Ended:
    """How a command ended, and what it printed."""

    code: int
    out: str
    err: str


def run(store: Path, verbs: Collection[str]) -> dict[str, Ended]:
    """Return how each verb ends, one after another in a forked process with little memory and not much time."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of forking beside threads: those of BLAS are idle
        pid = os.fork()
    if pid == 0:
        try:
            signal.alarm(PATIENCE)
            most = int(Path("/proc/self/statm").read_text().split()[0]) * os.sysconf("SC_PAGE_SIZE") + MEMORY
            resource.setrlimit(resource.RLIMIT_AS, (most, most))
            for verb in verbs:
                _run(store, verb)
        finally:
            os._exit(0)
    _, status = os.waitpid(pid, 0)
    ends: dict[str, Ended] = {}
    for verb in verbs:
        out, err, code = (_read_output(store, verb, name) for name in ("out", "err", "code"))
        ends[verb] = Ended(int(code or os.waitstatus_to_exitcode(status)), out, err)
    return ends


def _run(store: Path, verb: str) -> None:
    from grnledger.cli.main import main

    for number, name in ((1, "out"), (2, "err")):
        descriptor = os.open(f"{store}-{verb}-{name}", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(descriptor, number)
        os.close(descriptor)
    sys.stdout, sys.stderr = (os.fdopen(number, "w", encoding="utf-8", closefd=False) for number in (1, 2))
    arguments = [str(store.parent / "sets.gmt") if word == "SETS" else word for word in VERBS[verb]]
    code: Any = 99
    try:
        main(["-s", str(store), *arguments])
    except SystemExit as leaving:
        code = leaving.code
    sys.stdout.flush()
    sys.stderr.flush()
    Path(f"{store}-{verb}-code").write_text(str(code))


def _read_output(store: Path, verb: str, name: str) -> str:
    path = Path(f"{store}-{verb}-{name}")
    return path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""


def outside(store: Path) -> dict[str, bytes]:
    """Return everything beside a store."""
    paths = [path for path in store.parent.rglob("*") if path.is_file() and not path.is_symlink()]
    beside = [path for path in paths if not str(path).startswith(str(store))]
    return {str(path): path.read_bytes() for path in beside}


@dataclass(frozen=True, slots=True)
class Harm:
    """What is done to which store, how the verbs then end, what one of them says, and whether to try to mend it."""

    build: Callable[[Path], object]
    codes: tuple[int, int, int, int]
    says: str = ""
    store: str = "tumor.grn"
    mended: bool = False


HARMS: dict[str, Harm] = {}


def harm(
    name: str, codes: tuple[int, int, int, int], says: str = "", store: str = "tumor.grn"
) -> Callable[[Callable[[Path], object]], Callable[[Path], object]]:
    """Register what makes a store hostile."""

    def register(build: Callable[[Path], object]) -> Callable[[Path], object]:
        HARMS[name] = Harm(build, codes, says, store)
        return build

    return register


# What harm is made of


def entry(store: Path, number: int) -> Path:
    return store / "log" / f"{number:010d}.h5"


def base(store: Path) -> Path:
    return next((store / "base").glob("*.h5"))


def write(path: Path, kind: str, record: str, arrays: dict[str, Any], bulk: dict[str, Any] | None = None) -> str:
    """Write a file whose own id is right, and return it."""
    sealed = hdf5.Content(kind, record, arrays, bulk or {}).seal()
    with path.open("wb") as file:
        sealed.write(file)
    return sealed.id


def canonical(value: object) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def rewrite(path: Path, kind: str, change: Callable[[dict[str, Any], dict[str, Any]], object]) -> str:
    """Change a file's record and arrays, with an id that is right again, and return that."""
    stored = hdf5.read(hdf5.Location(path), kind)
    record, arrays = json.loads(stored.record), dict(stored.arrays)
    change(record, arrays)
    return write(path, kind, canonical(record), arrays, {name: rows.all() for name, rows in stored.bulk.items()})


def forge(store: Path, number: int, change: Callable[[dict[str, Any], dict[str, Any]], object]) -> None:
    """Change an entry of the log, its commits' ids with it, and let the entries after it follow."""
    new: dict[str, str] = {}

    def forged(record: dict[str, Any], arrays: dict[str, Any]) -> None:
        change(record, arrays)
        rename(record, new)

    follow(store, number + 1, rewrite(entry(store, number), layout.ENTRY, forged), new)


def follow(store: Path, number: int, previous: str, new: dict[str, str]) -> None:
    """Let an entry, and those after it, follow what is before it now; nothing has seen the last of them."""
    (store / "cache" / "last").unlink(missing_ok=True)
    (store / "cache" / "history").unlink(missing_ok=True)
    while entry(store, number).exists():
        stored = hdf5.read(hdf5.Location(entry(store, number)), layout.ENTRY)
        text = stored.record
        for old, id_ in new.items():
            text = text.replace(old, id_)
        record = json.loads(text) | {"previous": previous}
        rename(record, new)
        previous = write(entry(store, number), layout.ENTRY, canonical(record), dict(stored.arrays))
        number += 1


def rename(record: dict[str, Any], new: dict[str, str]) -> None:
    """Give the commits of an entry the ids that they have now, and note these down by those that they had."""
    for logged in record["commits"]:
        old, logged["id"] = logged["id"], commit_id(logged["commit"])
        new[old] = logged["id"]
        for move in record["moves"]:
            move["after"] = logged["id"] if move["after"] == old else move["after"]


def commit_id(commit: dict[str, Any]) -> str:
    return hashlib.sha256(f"grnledger 1 commit\n{canonical(commit)}".encode()).hexdigest()


def instead(path: Path, name: str, build: Callable[[h5py.File, Any], object]) -> None:
    """Put another thing where a dataset stood."""
    with h5py.File(path, "r+", libver="latest") as file:
        values = file[name][()]
        del file[name]
        build(file, values)


# Inside a file: what reaches out of it, or claims what is not there


def external_link(file: h5py.File, _: Any) -> None:
    file["loadings"] = h5py.ExternalLink("../../outside/0000000002.h5", "loadings")


def soft_link(file: h5py.File, values: Any) -> None:
    file.create_group("aside")["loadings"] = values
    file["loadings"] = h5py.SoftLink("/aside/loadings")


def link_to_itself(file: h5py.File, _: Any) -> None:
    file["loadings"] = h5py.SoftLink("/loadings")


def group_loop(file: h5py.File, _: Any) -> None:
    file["loadings"] = file["/"]


def raw_data_outside(file: h5py.File, values: Any) -> None:
    secret = [("../../outside/secret.txt", 0, values.nbytes)]
    file.create_dataset("loadings", shape=values.shape, dtype=values.dtype, external=secret)


def virtual(file: h5py.File, values: Any) -> None:
    plan = h5py.VirtualLayout(shape=values.shape, dtype=values.dtype)
    plan[...] = h5py.VirtualSource("../../outside/0000000002.h5", "loadings", shape=values.shape)
    file.create_virtual_dataset("loadings", plan)


def bomb(file: h5py.File, _: Any) -> None:
    file.create_dataset("loadings", data=np.zeros(4_000_000), chunks=(4_000_000,), compression="gzip")


def unwritten_chunks(file: h5py.File, _: Any) -> None:
    file.create_dataset("loadings", shape=(1 << 40,), dtype="<f8", chunks=(1 << 20,))


def vast(file: h5py.File, _: Any) -> None:
    file.create_dataset("loadings", shape=(1 << 59,), dtype="<f8")


def hollow(file: h5py.File, _: Any) -> None:
    unwritten(file, "loadings", (1 << 33,), h5t.IEEE_F64LE)


def unwritten(file: h5py.File, name: str, shape: tuple[int, ...], kind: Any) -> None:
    """Claim bytes that the file does have, by its length, and of which none was written."""
    unfilled = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    unfilled.set_alloc_time(h5py.h5d.ALLOC_TIME_EARLY)
    unfilled.set_fill_time(h5py.h5d.FILL_TIME_NEVER)
    h5py.h5d.create(
        file.id, name.encode(), kind, h5s.create_simple(shape) if shape else h5s.create(h5s.SCALAR), unfilled
    )


def overflowing(file: h5py.File, _: Any) -> None:
    file.create_dataset("loadings", shape=(1 << 32, 1 << 32), dtype="<f8")


def overflowing_to_little(file: h5py.File, _: Any) -> None:
    file.create_dataset("loadings", shape=((1 << 61) + 1, 8), dtype="<f8")


def wide_text(file: h5py.File, _: Any) -> None:
    file.create_dataset("loadings", shape=(), dtype=f"S{(1 << 31) - 1}")


def variable_length(file: h5py.File, values: Any) -> None:
    file.create_dataset("loadings", data=[f"{value}" for value in values.ravel()], dtype=h5py.string_dtype())


def ragged(file: h5py.File, _: Any) -> None:
    dataset = file.create_dataset("loadings", shape=(2,), dtype=h5py.vlen_dtype(np.float64))
    dataset[0] = np.zeros(3)


def references(file: h5py.File, values: Any) -> None:
    dataset = file.create_dataset("loadings", shape=values.shape, dtype=h5py.ref_dtype)
    dataset[...] = file.ref


def compound(file: h5py.File, values: Any) -> None:
    file.create_dataset("loadings", data=np.zeros(values.shape, dtype=[("a", "<f8"), ("b", "<i4")]))


def array_type(file: h5py.File, _: Any) -> None:
    space = h5s.create_simple((1,))
    kind = h5t.array_create(h5t.IEEE_F64LE, (1 << 12, 1 << 12))
    h5py.h5d.create(file.id, b"loadings", kind, space)


def without_shape(file: h5py.File, _: Any) -> None:
    file["loadings"] = h5py.Empty("<f8")


def of_text(file: h5py.File, values: Any) -> None:
    file["loadings"] = np.full(values.shape, b"one")


def many_links_to_one(file: h5py.File, values: Any) -> None:
    dataset = file.create_dataset("loadings", data=np.zeros(1 << 20))
    for index in range(200):
        file[f"again{index}"] = dataset


for build in (external_link, soft_link, link_to_itself, group_loop, raw_data_outside, virtual, bomb, unwritten_chunks,
              vast, hollow, overflowing, overflowing_to_little, wide_text, variable_length, ragged, references,
              compound, array_type, without_shape, of_text, many_links_to_one):  # fmt: skip
    HARMS[f"an entry, {build.__name__}"] = Harm(
        lambda store, b=build: instead(entry(store, 2), "loadings", b), LOST_ENTRY
    )
for build in (external_link, group_loop, raw_data_outside, vast, hollow, variable_length, of_text, many_links_to_one):
    HARMS[f"a base, {build.__name__}"] = Harm(lambda store, b=build: instead(base(store), "loadings", b), LOST_BASE)


@harm("a sparse file that justifies any claim", LOST_ENTRY)
def _(store: Path) -> None:
    instead(entry(store, 2), "loadings", lambda file, _: file.create_dataset("loadings", shape=(1 << 37,), dtype="<f8"))
    os.truncate(entry(store, 2), 1 << 40)


@harm("a record of a gigabyte that is claimed", LOST_ENTRY)
def _(store: Path) -> None:
    instead(entry(store, 2), "record", lambda file, _: file.create_dataset("record", shape=(), dtype=f"S{1 << 30}"))


@harm("a record of a gigabyte that is not there, in a sparse file", LOST_ENTRY)
def _(store: Path) -> None:
    instead(entry(store, 2), "record", lambda file, _: file.create_dataset("record", shape=(), dtype=f"S{1 << 30}"))
    os.truncate(entry(store, 2), 1 << 40)


@harm("a record of a gigabyte in a hole", LOST_ENTRY, "nearly all of which were never written")
def _(store: Path) -> None:
    kind = h5t.C_S1.copy()
    kind.set_size(1 << 30)
    instead(entry(store, 2), "record", lambda file, _: unwritten(file, "record", (), kind))


@harm("a record of numbers", LOST_ENTRY)
def _(store: Path) -> None:
    instead(entry(store, 2), "record", lambda file, _: file.create_dataset("record", data=np.arange(100)))


@harm("a record of many texts", LOST_ENTRY)
def _(store: Path) -> None:
    instead(entry(store, 2), "record", lambda file, value: file.create_dataset("record", data=np.full(3, value)))


@harm("no record", LOST_ENTRY)
def _(store: Path) -> None:
    instead(entry(store, 2), "record", lambda *_: None)


@harm("many attributes", FINE)
def _(store: Path) -> None:
    with h5py.File(entry(store, 2), "r+", libver="latest") as file:
        for index in range(20_000):
            h5py.h5a.create(file.id, b"%d" % index, h5t.STD_I8LE, h5s.create(h5s.SCALAR))


@harm("many datasets", LOST_ENTRY)
def _(store: Path) -> None:
    with h5py.File(entry(store, 2), "r+", libver="latest") as file:
        for index in range(5_000):
            h5py.h5d.create(file.id, b"%d" % index, h5t.STD_I8LE, h5s.create(h5s.SCALAR))


for what, value in {
    "text of variable length": "entry",
    "numbers": np.arange(4),
    "many texts": np.full(1_000, b"entry"),
    "nothing": h5py.Empty("S4"),
    "no UTF-8": np.bytes_(b"\xff\xfe"),
    "long text": np.bytes_(b"x" * 60_000),
}.items():
    for name in ("kind", "id"):

        def attribute(store: Path, name: str = name, value: Any = value) -> None:
            with h5py.File(entry(store, 2), "r+", libver="latest") as file:
                del file.attrs[name]
                file.attrs[name] = value

        HARMS[f"an attribute {name} that is {what}"] = Harm(attribute, LOST_ENTRY)


# Inside a record: what cannot be


def record_says(
    what: str, codes: tuple[int, int, int, int], text: Callable[[str], str | bytes], says: str = ""
) -> None:
    def build(store: Path) -> None:
        stored = hdf5.read(hdf5.Location(entry(store, 2)), layout.ENTRY)
        record = text(stored.record)
        content = record if isinstance(record, bytes) else record.encode("utf-8", "surrogatepass")
        path = entry(store, 2)
        write(path, layout.ENTRY, "x" * len(content), dict(stored.arrays))
        with h5py.File(path, "r+", libver="latest") as file:
            file["record"][()] = np.bytes_(content)
            digest = hashlib.sha256(f"grnledger 1 entry\n{len(content)}\n".encode() + content + b"\n")
            for name in sorted(stored.arrays):
                digest.update(f"{name} {layout.canonical_type(stored.arrays[name])}\n".encode())
                digest.update(layout.canonical_bytes(stored.arrays[name]))
            file.attrs["id"] = np.bytes_(digest.hexdigest().encode())
        follow(store, 3, digest.hexdigest(), {})

    HARMS[f"a record, {what}"] = Harm(build, codes, says)


record_says("nested deep", LOST_ENTRY, lambda _: "[" * 200_000)
record_says("nested deep in a field", LOST_ENTRY, lambda text: text[:-1] + ',"x":' + '{"x":' * 100_000)
record_says("empty", LOST_ENTRY, lambda _: " ")
record_says("no object", LOST_ENTRY, lambda _: "3")
record_says("NaN", LOST_ENTRY, lambda text: text.replace('"guard":1.0', '"guard":NaN'))
record_says("Infinity", LOST_ENTRY, lambda text: text.replace('"guard":1.0', '"guard":1e999'))
record_says("a lone surrogate", LOST_ENTRY, lambda text: text.replace('"add p53"', '"\\ud800"'))
record_says("a raw surrogate", LOST_ENTRY, lambda text: text.replace('"add p53"', '"\ud800"'))
record_says("no UTF-8", LOST_ENTRY, lambda text: text.encode().replace(b"add p53", b"add \xff\xfe3"))
record_says("a key twice", FINE, lambda text: text.replace('"reason"', '"reason":"x","reason"', 1))
record_says("a commit's key twice", FINE, lambda text: text.replace('"message":', '"message":"x","message":', 1))
record_says(
    "a number of a thousand digits", LOST_ENTRY, lambda text: text.replace('"rank":1', '"rank":1' + "0" * 1_000)
)


def forged(
    what: str, codes: tuple[int, int, int, int], change: Callable[[dict[str, Any]], object], says: str = ""
) -> None:
    HARMS[f"an entry that says {what}"] = Harm(
        lambda store: forge(store, 2, lambda record, _: change(record)), codes, says
    )


def commit_of(record: dict[str, Any]) -> dict[str, Any]:
    return record["commits"][0]["commit"]


def measured(record: dict[str, Any]) -> dict[str, Any]:
    return record["commits"][0]["measured"]


NOBODY = "f" * 64

forged("it moves ../../x too", LOST_ENTRY, lambda record: record["moves"].append(
    {"ref": "branch/../../x", "before": None, "after": commit_of(record)["parents"][0]}), "../../x")  # fmt: skip
forged("its ref is /etc/passwd", LOST_ENTRY, lambda record: record["moves"][0].update(ref="tag//etc/passwd"))
forged("its ref is neither branch nor tag", LOST_ENTRY, lambda record: record["moves"][0].update(ref="x"))
forged("its ref is HEAD~1", LOST_ENTRY, lambda record: record["moves"][0].update(ref="branch/HEAD~1"))
forged(
    "HEAD is nowhere",
    LOST_ENTRY,
    lambda record: record["moves"].append({"ref": "HEAD", "before": "main", "after": "x"}),
)
forged("main is gone", LOST_ENTRY, lambda record: record["moves"][0].update(after=None))
forged("main is at a commit that is not there", LOST_ENTRY, lambda record: record["moves"][0].update(after=NOBODY))
forged("it has a parent that is not there", LOST_ENTRY, lambda record: commit_of(record).update(parents=[NOBODY]))
forged("its number is 3", LOST_ENTRY, lambda record: record.update(number=3))
forged("its number is 0", LOST_ENTRY, lambda record: record.update(number=0))
forged("its number is huge", LOST_ENTRY, lambda record: record.update(number=10**30))
forged("no version is before it", LOST_ENTRY, lambda record: record.update(versions=0))
forged("two versions are before it", LOST_ENTRY, lambda record: record.update(versions=2))
forged("a trillion versions are before it", LOST_ENTRY, lambda record: record.update(versions=10**12))
forged("minus one version is before it", LOST_ENTRY, lambda record: record.update(versions=-1))
forged("another base", (0, 1, 0, 0), lambda record: commit_of(record).update(base=NOBODY))
forged("a base that is a path", LOST_ENTRY, lambda record: commit_of(record).update(base="../../outside/secret.txt"))
forged("an anchor that is no version's", (0, 1, 0, 0), lambda record: measured(record).update(anchor=NOBODY))
forged("another content", (0, 1, 0, 0), lambda record: measured(record).update(content=NOBODY))
forged("another rank", (0, 1, 0, 0), lambda record: measured(record).update(rank=7))
forged("a huge rank", LOST_ENTRY, lambda record: measured(record).update(rank=10**30))
forged("a huge count since its anchor", LOST_ENTRY, lambda record: measured(record).update(since_anchor=10**18))
forged("more genes than it brings", (0, 1, 0, 6), lambda record: commit_of(record)["adds"][0].update(genes=2**40))
forged("minus one gene", LOST_ENTRY, lambda record: commit_of(record)["adds"][0].update(genes=-1))
forged("more names than it brings", (0, 1, 0, 6), lambda record: commit_of(record)["adds"][0].update(names=["x"] * 9))
forged("a drop of what is not active", (0, 1, 0, 0), lambda record: commit_of(record).update(
    drops=[{"id": NOBODY, "names": ["x"], "seen": commit_of(record)["parents"]}]))  # fmt: skip
forged("a drop that nobody has seen", LOST_ENTRY, lambda record: commit_of(record).update(
    drops=[{"id": NOBODY, "names": ["x"], "seen": [NOBODY]}]))  # fmt: skip
forged("no moves", LOST_ENTRY, lambda record: record.update(moves=[]))
forged("a time that is none", LOST_ENTRY, lambda record: record.update(time="9999-99-99T99:99:99Z\n"))
forged("a field that nobody knows", LOST_ENTRY, lambda record: record.update(surprise=1))
forged("a message that clears the screen", FINE, lambda record: commit_of(record).update(message="\x1b[2J\x1b]0;x\x07"))


@harm("a commit whose parent is itself", LOST_ENTRY)
def _(store: Path) -> None:
    def change(record: dict[str, Any], _: dict[str, Any]) -> None:
        commit_of(record)["parents"] = [record["commits"][0]["id"]]

    follow(store, 3, rewrite(entry(store, 2), layout.ENTRY, change), {})


for what, change in {
    "are not numbers": lambda arrays: arrays.update(genes=np.full(arrays["genes"].shape, b"x")),
    "are NaN": lambda arrays: arrays.update(genes=np.full(arrays["genes"].shape, np.nan)),
    "are negative": lambda arrays: arrays.update(genes=-arrays["genes"]),
    "are beyond the panel": lambda arrays: arrays.update(genes=arrays["genes"] + 10**9),
    "are a matrix": lambda arrays: arrays.update(genes=np.zeros((9, 9), dtype="<i8")),
}.items():
    HARMS[f"genes of a pathway that {what}"] = Harm(
        lambda store, change=change: forge(store, 2, lambda _, arrays: change(arrays)), (0, 1, 0, 6)
    )


# Bases


def of_base(what: str, change: Callable[[dict[str, Any], dict[str, Any]], object]) -> None:
    """Make a base whose own id is right; the log names it from the first entry on."""

    def build(store: Path) -> None:
        path, old = base(store), base(store).stem
        new = rewrite(path, layout.BASE, change)
        path.rename(path.with_name(f"{new}.h5"))

        def renamed(record: dict[str, Any], _: dict[str, Any]) -> None:
            commit_of(record)["base"] = new
            content = layout.version_content_id(new, [])
            measured(record)["content"] = content

        assert old != new
        for number in (2, 3, 4):
            entry(store, number).unlink()
        forge(store, 1, renamed)
        shutil.rmtree(store / "cache")
        (store / "cache").mkdir()

    HARMS[f"a base {what}"] = Harm(build, LOST_BASE)


def named(values: list[bytes]) -> Callable[[dict[str, Any], dict[str, Any]], object]:
    return lambda _, arrays: arrays.update(genes=np.array(values))


of_base("with names that are no UTF-8", named([b"\xff%d" % number for number in range(SIZE)]))
of_base("with samples that are no UTF-8", lambda _, arrays: arrays.update(samples=np.array([b"\xff"] * 3)))
of_base("with samples that are numbers", lambda _, arrays: arrays.update(samples=np.array([10**12])))
of_base("with a gene twice", named([b"GENE"] * SIZE))
of_base("with names that are numbers", lambda _, arrays: arrays.update(genes=np.full(SIZE, 10**12)))
of_base("with fewer names", lambda _, arrays: arrays.update(genes=arrays["genes"][:-1]))
of_base("with noise that is text", lambda _, arrays: arrays.update(noise=np.full(SIZE, b"x")))
of_base("with noise that is NaN", lambda _, arrays: arrays.update(noise=np.full(SIZE, np.nan)))
of_base("with noise below 0", lambda _, arrays: arrays.update(noise=-arrays["noise"]))
of_base("with noise that is a matrix", lambda _, arrays: arrays.update(noise=np.eye(SIZE)))
of_base("without noise", lambda _, arrays: arrays.pop("noise"))
of_base("that says it is dense", lambda record, _: record.update(form="dense", log_det=1.0))
of_base("that says it is vast", lambda record, _: record.update(genes=2**40))
of_base(
    "with a factor covariance of whole numbers",
    lambda _, arrays: arrays.update(factor_covariance=np.eye(2, dtype="<i8")),
)
of_base("with a factor covariance that is a list", lambda _, arrays: arrays.update(factor_covariance=np.ones(2)))
of_base("with a factor covariance that is none", lambda _, arrays: arrays.update(factor_covariance=-np.eye(2)))


@harm("an entry that holds a base", LOST_ENTRY, "holds a 'base'")
def _(store: Path) -> None:
    shutil.copy(base(store), entry(store, 2))


@harm("a base that holds an entry", LOST_BASE, "holds a 'entry'")
def _(store: Path) -> None:
    shutil.copy(entry(store, 2), base(store))


# The folder


@harm("a gap", LOST_ENTRY, "is missing")
def _(store: Path) -> None:
    entry(store, 2).unlink()


@harm("an entry of a number that nobody has reached", (6, 1, 0, 6))
def _(store: Path) -> None:
    shutil.copy(entry(store, 4), store / "log" / "9999999999.h5")


@harm("a half copied file", LOST_ENTRY)
def _(store: Path) -> None:
    content = entry(store, 2).read_bytes()
    entry(store, 2).write_bytes(content[: len(content) // 2] + bytes(len(content) // 2))


@harm("a newer FORMAT", REFUSED, "pip install --upgrade")
def _(store: Path) -> None:
    (store / "FORMAT").write_text("grnledger store 2\n")


@harm("an endless FORMAT", (6, 1, 6, 6))
def _(store: Path) -> None:
    os.truncate(store / "FORMAT", 1 << 40)


@harm("a FORMAT of its own", (6, 1, 6, 6))
def _(store: Path) -> None:
    (store / "FORMAT").write_bytes(b"\x1b[2J" * 1_000)


@harm("a high-water mark of a log that never ends", DERIVED)
def _(store: Path) -> None:
    (store / "cache" / "last").write_text("9999999999 9999999999 " + "0" * 64 + " 00000000\n")


@harm("an endless high-water mark", DERIVED)
def _(store: Path) -> None:
    (store / "cache" / "last").unlink()
    (store / "cache" / "last").touch()
    os.truncate(store / "cache" / "last", 1 << 40)


@harm("no cache", FINE)
def _(store: Path) -> None:
    shutil.rmtree(store / "cache")


@harm("no base", (0, 1, 6, 6))
def _(store: Path) -> None:
    shutil.rmtree(store / "base")


@harm("no log", REFUSED)
def _(store: Path) -> None:
    shutil.rmtree(store / "log")


@harm("names that are none", FINE)
def _(store: Path) -> None:
    for name in (
        "0000000005.H5",
        "5.h5",
        "٠٠٠٠٠٠٠٠٠٥.h5",
        "0000000000.h5",
        "-000000001.h5",
        "+000000005.h5",
        "0000000005.h5.h5",
    ):
        (store / "log" / name).write_bytes(b"x")
    for name in ("0000000001-0000000002", "x" * 200 + ".h5", "\x1b[2J", "a\nb"):
        (store / "base" / name).write_bytes(b"x")


# Links and pipes


def linked(what: str, codes: tuple[int, int, int, int], name: str | Callable[[Path], Path], target: str) -> None:
    def build(store: Path) -> None:
        path = store / name if isinstance(name, str) else name(store)
        if path.is_dir():
            shutil.rmtree(path)
        path.unlink(missing_ok=True)
        path.symlink_to(store.parent / "outside" / target)

    HARMS[f"a link {what}"] = Harm(build, codes, mended=True)


linked("for an entry", FINE, "log/0000000002.h5", "0000000002.h5")
linked("for an entry to a text", LOST_ENTRY, "log/0000000002.h5", "secret.txt")
linked("for an entry to the system", LOST_ENTRY, "log/0000000002.h5", "/etc/passwd")
linked("for an entry to nothing", LOST_ENTRY, "log/0000000002.h5", "nothing")
linked("for an entry to an endless file", LOST_ENTRY, "log/0000000002.h5", "/dev/zero")
linked("for the next entry", (6, 1, 0, 6), "log/0000000005.h5", "0000000004.h5")
linked("for a base", LOST_BASE, base, "secret.txt")
linked("for the log", REFUSED, "log", "")
linked("for the bases", REFUSED, "base", "")
linked("for the packs", REFUSED, "packs", "")
linked("for the cache", FINE, "cache", "")
linked("for the anchors", FINE, "cache/anchors", "")
linked("for the high-water mark", DERIVED, "cache/last", "secret.txt")
linked("for the index", FINE, "cache/history", "secret.txt")
linked("for FORMAT", (6, 1, 6, 6), "FORMAT", "secret.txt")
linked("for the lock", FINE, "lock", "secret.txt")


def piped(what: str, codes: tuple[int, int, int, int], name: str | Callable[[Path], Path]) -> None:
    def build(store: Path) -> None:
        path = store / name if isinstance(name, str) else name(store)
        path.unlink(missing_ok=True)
        os.mkfifo(path)

    HARMS[f"a pipe {what}"] = Harm(build, codes, mended=True)


piped("for an entry", LOST_ENTRY, "log/0000000002.h5")
piped("for a base", LOST_BASE, base)
piped("for FORMAT", (6, 1, 6, 6), "FORMAT")
piped("for the high-water mark", DERIVED, "cache/last")
piped("for the index", FINE, "cache/history")
piped("for the lock", FINE, "lock")


def locked(what: str, codes: tuple[int, int, int, int], content: str) -> None:
    HARMS[f"a lock {what}"] = Harm(lambda store: (store / "lock").write_text(content), codes)


locked("of another host", FINE, json.dumps({"host": "elsewhere", "pid": 7, "since": "2026-11-01T12:00:00Z"}))
locked("of a process that cannot be", FINE, json.dumps({"host": os.uname().nodename, "pid": -1, "since": "x"}))
locked("that is no JSON", FINE, "{" * 100_000)
locked("that is long", FINE, "x" * 10_000_000)


# The index


def indexed(what: str, change: Callable[[list[str]], object], codes: Any = FINE) -> None:
    """Let an index lie, with hashes of its lines that are right."""

    def build(store: Path) -> None:
        path = store / "cache" / "history"
        lines = path.read_text().split("\n")[1:-1]
        lines = [line if line.startswith("commit ") else line[: -chained_text.DIGEST - 1] for line in lines]
        change(lines)
        text, together = ChainedText(HEADER), list[bytes]()
        for line in lines:
            together.append(line.encode(errors="surrogateescape"))
            if not line.startswith("commit "):
                text.append(b"\n".join(together))
                together.clear()
        path.write_bytes(text.read(0, text.size) or HEADER)

    HARMS[f"an index {what}"] = Harm(build, codes, mended=True)


COMMIT, ENTRY = CommitRow._fields.index, EntryRow._fields.index
"""The place of a field in a line."""
SECOND_COMMIT, SECOND_ENTRY = 2, 3
"""Where the lines of the second entry of four stand; each of the first three brings a commit."""


def field(line: int, place: int, value: str | Callable[[str], str]) -> Callable[[list[str]], object]:
    """Change a field of a line."""

    def changed(lines: list[str]) -> None:
        kind, _, rest = lines[line].partition(" ")
        fields = rest.split("\t")
        fields[place] = value(fields[place]) if callable(value) else value
        lines[line] = f"{kind} " + "\t".join(fields)

    return changed


def refs_line(**changed: str) -> Callable[[list[str]], object]:
    """Append a line that says where refs stand after four entries."""
    row = RefsRow("4", "3", NOBODY, NOBODY, "main", f"main\x1e0\x1e{NOBODY}", "", "", "-")._replace(**changed)
    return lambda lines: lines.append("\x1crefs " + "\t".join(row))


indexed("in which a commit is its own parent", field(SECOND_COMMIT, COMMIT("parents"), lambda text: "1" + text[1:]))
indexed("in which a parent is not there", field(SECOND_COMMIT, COMMIT("parents"), f"0:{NOBODY}"), DERIVED)
indexed("in which a parent is far away", field(SECOND_COMMIT, COMMIT("parents"), lambda text: "999" + text[1:]))
indexed("in which a parent is before the first", field(SECOND_COMMIT, COMMIT("parents"), lambda text: "-9" + text[1:]))
indexed("in which a parent is text", field(SECOND_COMMIT, COMMIT("parents"), "x"))
indexed("in which a parent has no number", field(SECOND_COMMIT, COMMIT("parents"), NOBODY))
indexed("with a commit of another number", field(SECOND_COMMIT, COMMIT("number"), "5"), DERIVED)
indexed("with an entry of another number", field(SECOND_ENTRY, ENTRY("number"), "5"), DERIVED)
indexed("with an author that is none", field(SECOND_COMMIT, COMMIT("author"), "\\x41"))
indexed(
    "with an author whose name is a command to the terminal", field(SECOND_COMMIT, COMMIT("author"), "\x1b[2J"), DERIVED
)
indexed("with a time that is a command to the terminal", field(SECOND_COMMIT, COMMIT("time"), "\x1b[2J"), DERIVED)
indexed("with an id that is a command to the terminal", field(SECOND_COMMIT, COMMIT("id"), "\x1b[2J" * 16), DERIVED)
indexed("with an id that is none", field(SECOND_COMMIT, COMMIT("id"), "x"), DERIVED)
indexed("with a base that is a path", field(SECOND_COMMIT, COMMIT("base"), "../" * 21 + "x"), DERIVED)
indexed("with an anchor that is a path", field(
    SECOND_COMMIT, COMMIT("reading"), lambda text: text.replace("\x1e-", "\x1e" + "../" * 21, 1)), DERIVED)  # fmt: skip
indexed("with nothing of how a commit is read", field(SECOND_COMMIT, COMMIT("reading"), ""), DERIVED)
indexed("with a source that is nested deep", field(
    SECOND_COMMIT, COMMIT("reading"), lambda text: text[:-1] + "[" * 100_000), DERIVED)  # fmt: skip
indexed("with a pathway that is none", field(SECOND_COMMIT, COMMIT("adds"), "x"))
indexed("with genes that are no number", field(
    SECOND_COMMIT, COMMIT("adds"), lambda text: text.replace("\x1e3\x1e", "\x1ex\x1e")))  # fmt: skip
indexed("with a rank that is none", field(SECOND_COMMIT, COMMIT("rank"), "x"))
indexed("with fewer fields", lambda lines: lines.__setitem__(SECOND_COMMIT, lines[SECOND_COMMIT][:300]))
indexed("without moves", field(SECOND_ENTRY, ENTRY("moves"), ""), DERIVED)
indexed("with moves that are none", field(SECOND_ENTRY, ENTRY("moves"), "x"))
indexed("with text that is no UTF-8", field(SECOND_COMMIT, COMMIT("message"), "\udcff"))
indexed("without a commit", lambda lines: lines.pop(SECOND_COMMIT))
indexed("with a commit twice", lambda lines: lines.insert(SECOND_COMMIT, lines[SECOND_COMMIT]))
indexed("with a line that is none", lambda lines: lines.insert(0, "surprise"))
indexed("with an entry twice", lambda lines: lines.insert(SECOND_ENTRY, lines[SECOND_ENTRY]))
indexed("of another file", field(6, ENTRY("file"), "0" * 64), FINE)
indexed("that puts main elsewhere", refs_line())
indexed("that puts HEAD nowhere", refs_line(head="x"))
indexed("that counts other entries", refs_line(entries="9999999999"), DERIVED)
indexed("that counts no entries", refs_line(entries="x"))
indexed("of refs without fields", lambda lines: lines.append("\x1crefs 4"))
indexed("with nothing in a block", lambda lines: lines.append("\x1c"))
indexed("that is longer than the log", lambda lines: lines.append(lines[6].replace("4", "5", 1)), (6, 1, 0, 6))
indexed("of no entries", lambda lines: lines.clear(), FINE)


# Packs


def pack(store: Path) -> Path:
    return store / "packs" / "0000000001-0000000004.h5"


def packed(what: str, codes: tuple[int, int, int, int], change: Callable[[h5py.File], object]) -> None:
    def build(store: Path) -> None:
        with h5py.File(pack(store), "r+", libver="latest") as file:
            change(file)

    HARMS[f"a pack {what}"] = Harm(build, codes, store="packed.grn")


def group(number: int) -> str:
    return f"{number:010d}"


def replaced(file: h5py.File, number: int, build: Callable[[h5py.File], object]) -> None:
    del file[group(number)]
    build(file)


packed("without an entry", LOST_ENTRY, lambda file: file.__delitem__(group(2)))
packed("with the same entry twice", LOST_ENTRY, lambda file: replaced(
    file, 2, lambda file: file.__setitem__(group(2), file[group(3)])))  # fmt: skip
packed("with entries under other numbers", (6, 1, 0, 6), lambda file: (
    file.move(group(2), "x"), file.move(group(3), group(2)), file.move("x", group(3))))  # fmt: skip
packed("with an entry that is the pack", LOST_ENTRY, lambda file: replaced(
    file, 2, lambda file: file.__setitem__(group(2), file["/"])))  # fmt: skip
packed("with an entry elsewhere", LOST_ENTRY, lambda file: replaced(
    file, 2, lambda file: file.__setitem__(group(2), h5py.ExternalLink("../../outside/secret.txt", "/"))))  # fmt: skip
packed("with an entry that is data", LOST_ENTRY, lambda file: replaced(
    file, 2, lambda file: file.__setitem__(group(2), np.zeros(4))))  # fmt: skip
packed("with an entry linked softly", LOST_ENTRY, lambda file: replaced(
    file, 2, lambda file: file.__setitem__(group(2), h5py.SoftLink("/" + group(3)))))  # fmt: skip
packed("that says it is a store", FINE, lambda file: file.attrs.__setitem__("kind", np.bytes_(b"store")))
packed("of a newer format", FINE, lambda file: file.attrs.__setitem__("format", np.bytes_(b"grnledger store 2")))


@harm("a pack that claims a billion entries", FINE, store="packed.grn")
def _(store: Path) -> None:
    shutil.copy(pack(store), store / "packs" / "0000000001-1000000000.h5")


@harm("a pack that claims all numbers", FINE, store="packed.grn")
def _(store: Path) -> None:
    shutil.copy(pack(store), store / "packs" / "0000000001-9999999999.h5")


@harm("a pack that claims entries far away", (6, 1, 0, 6), store="packed.grn")
def _(store: Path) -> None:
    shutil.copy(pack(store), store / "packs" / "9999999000-9999999999.h5")


@harm("a pack that claims more entries than it has", (6, 1, 0, 6), store="packed.grn")
def _(store: Path) -> None:
    pack(store).rename(store / "packs" / "0000000001-0000001000.h5")


@harm("a pack whose name runs backwards", FINE, store="packed.grn")
def _(store: Path) -> None:
    shutil.copy(pack(store), store / "packs" / "0000000004-0000000001.h5")


@harm("packs that overlap", FINE, store="packed.grn")
def _(store: Path) -> None:
    shutil.copy(pack(store), store / "packs" / "0000000002-0000000004.h5")


@harm("packs that overlap and say otherwise", (6, 1, 0, 6), store="packed.grn")
def _(store: Path) -> None:
    other = store / "packs" / "0000000003-0000000005.h5"
    shutil.copy(pack(store), other)
    with h5py.File(other, "r+", libver="latest") as file:
        file[group(5)] = file[group(4)]


@harm("a larger pack that is none", (6, 1, 6, 6), store="packed.grn")
def _(store: Path) -> None:
    (store / "packs" / "0000000001-0000000400.h5").write_bytes(b"")


# A store in one file


def exported(what: str, codes: tuple[int, int, int, int], change: Callable[[h5py.File], object]) -> None:
    def build(store: Path) -> None:
        with h5py.File(store, "r+", libver="latest") as file:
            change(file)

    HARMS[f"an exported file {what}"] = Harm(build, codes, store="whole.h5")


READ_ONLY = (0, 0, 0, 4)
"""What is exported cannot be written."""

LOG_2 = f"log/{group(2)}"

exported("as it is", READ_ONLY, lambda _: None)
exported("in which an entry is the root", (6, 1, 0, 4), lambda file: (
    file.__delitem__(LOG_2), file.__setitem__(LOG_2, file["/"])))  # fmt: skip
exported("in which an entry is the log", (6, 1, 0, 4), lambda file: (
    file.__delitem__(LOG_2), file.__setitem__(LOG_2, file["log"])))  # fmt: skip
exported("in which an entry holds the root", (6, 1, 0, 4), lambda file: file[LOG_2].__setitem__("genes2", file["/"]))
exported("whose log is a soft link", REFUSED, lambda file: (
    file.move("log", "aside"), file.__setitem__("log", h5py.SoftLink("/aside"))))  # fmt: skip
exported("whose log is elsewhere", REFUSED, lambda file: (
    file.__delitem__("log"), file.__setitem__("log", h5py.ExternalLink("outside/0000000002.h5", "/"))))  # fmt: skip
exported("whose log is data", REFUSED, lambda file: (file.__delitem__("log"), file.__setitem__("log", np.zeros(3))))
exported("without a log", (6, 1, 6, 6), lambda file: file.__delitem__("log"))
exported("without bases", (0, 1, 6, 6), lambda file: file.__delitem__("base"))
exported("without an index", READ_ONLY, lambda file: file.__delitem__("cache"))
exported(
    "with references",
    (6, 1, 0, 4),
    lambda file: file[LOG_2].__setitem__("refs", np.array([file.ref], dtype=h5py.ref_dtype)),
)
exported("of a newer format", REFUSED, lambda file: file.attrs.__setitem__("format", np.bytes_(b"grnledger store 2")))
exported("that says it is a pack", REFUSED, lambda file: file.attrs.__setitem__("kind", np.bytes_(b"pack")))
exported("that says it is an entry", REFUSED, lambda file: file.attrs.__setitem__("kind", np.bytes_(b"entry")))
exported("that says nothing", (2, 2, 2, 2), lambda file: file.attrs.__delitem__("kind"))
exported("with an entry far away", (6, 1, 0, 4), lambda file: file.__setitem__("log/9999999999", file[LOG_2]))
exported(
    "with many names",
    READ_ONLY,
    lambda file: [file.__setitem__(f"log/x{number}", file[LOG_2]) for number in range(5_000)],
)
exported("with many attributes", READ_ONLY, lambda file: [
    h5py.h5a.create(file.id, b"%d" % n, h5t.STD_I8LE, h5s.create(h5s.SCALAR)) for n in range(20_000)])  # fmt: skip
exported(
    "with a base under a name that leads out", READ_ONLY, lambda file: file["base"].create_group("..").create_group("x")
)


@pytest.fixture(scope="module", autouse=True)
def warm(made: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Load what the commands load, once, before they are forked; and see that they do what they should."""
    from grnledger.cli.errors import run as run_here
    from grnledger.cli.main import grn

    here = shutil.copytree(made, tmp_path_factory.mktemp("warm") / "made")
    for store in ("tumor.grn", "packed.grn"):
        for verb in VERBS.values():
            arguments = [str(here / "sets.gmt") if word == "SETS" else word for word in verb]
            assert run_here(grn, ["-s", str(here / store), *arguments], None) == 0


def meet(made: Path, folder: Path, harm: Harm) -> set[str]:
    """Let each verb meet a hostile store, look at how it ends, and return the verbs."""
    store = shutil.copytree(made, folder / "here") / harm.store
    harm.build(store)
    before = outside(store)
    ends = run(store, [verb for verb in VERBS if harm.mended or verb != "repair"])
    assert outside(store) == before
    listing = "\n".join(f"{verb}: {ended}" for verb, ended in ends.items())
    assert tuple(ended.code for ended in ends.values())[: len(harm.codes)] == harm.codes, listing
    assert not harm.mended or ends["repair"].code in {0, 1, 6}, listing
    for ended in ends.values():
        assert "Traceback" not in ended.out + ended.err, listing
        assert "Warning:" not in ended.err, listing
        assert len(ended.out + ended.err) < 100_000, listing[:2_000]
        if ended.code > 1:
            assert ended.err.splitlines()[-2].startswith("Error: "), listing
            assert ended.err.splitlines()[-1].startswith("Hint: "), listing
    assert harm.says in listing, listing
    return set(ends)


@pytest.mark.parametrize("name", HARMS)
def test_a_hostile_store_is_met_with_a_sentence(made: Path, tmp_path: Path, name: str) -> None:
    assert meet(made, tmp_path, HARMS[name]) == set(VERBS) - (set() if HARMS[name].mended else {"repair"})


@pytest.mark.usefixtures("compiled_once")
@pytest.mark.parametrize("name", ["an entry, vast", "a newer FORMAT", "a link for the log"])
def test_a_process_of_its_own_meets_it_so_too(made: Path, tmp_path: Path, name: str) -> None:
    harm, store = HARMS[name], shutil.copytree(made, tmp_path / "here") / "tumor.grn"
    harm.build(store)
    ended = subprocess.run(
        [sys.executable, "-m", "grnledger.cli", "-s", store, "log"],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert ended.returncode == harm.codes[0]
    assert [line.split(":")[0] for line in ended.stderr.splitlines()[-2:]] == ["Error", "Hint"]


# Faults that these tests find


ANCHORS_FOLLOWED = property(lambda reader: reader._log.locations.cache / "anchors")


@pytest.mark.parametrize(
    ("where", "what", "fault", "name"),
    [
        (hdf5, "_dataset", lambda _, file, name, __: file[name], "an entry, external_link"),
        (hdf5, "_dataset", lambda _, file, name, __: file[name], "an entry, soft_link"),
        (claims, "is_hollow", lambda *_: False, "a record of a gigabyte in a hole"),
        (hdf5, "_translated", lambda _: contextlib.nullcontext(), "an attribute kind that is numbers"),
        (Ledger, "_check_versions", lambda *_: None, "an entry that says a trillion versions are before it"),
        (refs, "_is_ref", lambda _: True, "an entry that says it moves ../../x too"),
        (layout, "LONGEST_PACK", 10**10, "a pack that claims all numbers"),
        (VersionReader, "anchor_folder", ANCHORS_FOLLOWED, "a link for the anchors"),
        (entries, "TYPES", {"genes": "S1", "loadings": "<f8"}, "genes of a pathway that are not numbers"),
    ],
)  # fmt: skip
def test_each_check_left_out_is_detected(
    made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: Any, what: str, fault: Any, name: str
) -> None:
    monkeypatch.setattr(where, what, fault)
    with pytest.raises(AssertionError):
        meet(made, tmp_path, HARMS[name])
