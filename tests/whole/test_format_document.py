"""`docs/format.md` is enough to read a store: a reader written from it alone, compared with the repository."""

from __future__ import annotations

import ast
import dataclasses
import hashlib
import inspect
import json
import math
import shutil
import zlib
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import grnledger
import h5py
import numpy as np
import pytest
from grnledger.engine.estimation.expression import Expression
from grnledger.engine.network.covariance import FactorCovariance
from grnledger.engine.network.pathway import Pathway
from grnledger.storage.files.locations import DirectoryStore
from grnledger.storage.history import entries
from grnledger.storage.history.ledger import Ledger
from grnledger.storage.transfer.pack import write_pack
from numpy.typing import NDArray

if TYPE_CHECKING:
    from collections.abc import Callable

    from grnledger.storage.repository import Repository

LONGEST_READER = 80

Arrays = dict[str, NDArray[Any]]


# The reader: it knows the document, h5py and numpy


def sha256(*parts: bytes) -> str:
    return hashlib.sha256(b"".join(parts)).hexdigest()


def canonical(value: object) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def identity(kind: str, record: bytes, arrays: Arrays, sums: Arrays) -> str:
    parts = [f"grnledger 1 {kind}\n{len(record)}\n".encode(), record, b"\n"]
    for name in sorted(arrays, key=lambda name: (name in sums, name)):
        values, names = arrays[name], arrays[name].dtype.kind == "S"
        raw = b"".join(text + b"\n" for text in values.tolist()) if names else values.tobytes()
        parts.append(f"{name} {'name' if names else values.dtype.str} {values.shape}".encode())
        parts += [f" bulk {sha256(raw)}\n".encode(), sums[name].tobytes()] if name in sums else [b"\n", raw]
    return sha256(*parts)


def content(path: Path, group: str) -> tuple[str, str, dict[str, Any], Arrays]:
    with h5py.File(path) as file:
        here, kind = file[group], file[group].attrs["kind"].decode()
        record, arrays = bytes(here["record"][()]), {name: here[name][()] for name in here if name != "record"}
        sums = {name[:-6]: arrays.pop(name) for name in list(arrays) if name.endswith("_crc32")}
        assert all([zlib.crc32(row) for row in arrays[name]] == rows.tolist() for name, rows in sums.items())
        assert identity(kind, record, arrays, sums) == here.attrs["id"].decode()
        return kind, here.attrs["id"].decode(), json.loads(record), arrays


def groups(path: Path, kind: bytes, within: str) -> list[tuple[int, tuple[Path, str]]]:
    with h5py.File(path) as file:
        assert (file.attrs["kind"], file.attrs["format"]) == (kind, b"grnledger store 1")
        return [(int(name), (path, f"{within}{name}")) for name in file[within]]


class Store:
    def __init__(self, path: Path) -> None:
        self.path, self.pathways, self.commits = path, dict[str, Any](), dict[str, dict[str, Any]]()
        self.refs, previous = {"HEAD": "main"}, None
        for number, index in sorted(self.log().items()):
            kind, id_, entry, arrays = content(*index)
            assert (kind, entry["number"], entry["previous"]) == ("entry", number, previous)
            assert entry["versions"] == len(self.commits)
            previous, done = id_, dict.fromkeys(arrays, 0)
            for logged in entry["commits"]:
                assert sha256(b"grnledger 1 commit\n", canonical(logged["commit"])) == logged["id"]
                self.commits.setdefault(logged["id"], logged)
                for pathway in logged["commit"]["adds"]:
                    genes, rank, parts = pathway["genes"], len(pathway["names"]), Arrays()
                    shapes = {"genes": (genes,), "loadings": (genes, rank), "pathway_covariance": (rank, rank)}
                    for name in list(shapes)[: 2 + pathway["covariance"]]:
                        start, done[name] = done[name], done[name] + math.prod(shapes[name])
                        parts[name] = arrays[name][start : done[name]].reshape(shapes[name])
                    head = canonical({name: pathway[name] for name in ("names", "sign", "units")})
                    assert identity("pathway", head, parts, {}) == pathway["id"]
                    self.pathways[pathway["id"]] = pathway, parts
            self.refs |= {move["ref"]: move["after"] for move in entry["moves"]}

    def log(self) -> dict[int, tuple[Path, str]]:
        if self.path.is_file():
            return dict(groups(self.path, b"store", "log/"))
        assert (self.path / "FORMAT").read_bytes() == b"grnledger store 1\n"
        standing = {int(path.stem): (path, "/") for path in self.path.glob("log/[0-9]*.h5") if path.stat().st_size}
        for pack in sorted(self.path.glob("packs/[0-9]*.h5"), key=lambda at: int(at.stem[11:]) - int(at.stem[:10])):
            standing |= dict(groups(pack, b"pack", "/"))
        return standing

    def active(self, commit: str) -> set[str]:
        ancestors, ids = {}, {commit}
        for id_ in (id_ for id_ in reversed(self.commits) if id_ in ids):
            ancestors[id_] = self.commits[id_]["commit"]
            ids.update(ancestors[id_]["parents"])
        adds = {(id_, add["id"]) for id_, entry in ancestors.items() for add in entry["adds"]}
        drops = {(seen, drop["id"]) for entry in ancestors.values() for drop in entry["drops"] for seen in drop["seen"]}
        return {pathway for _, pathway in adds - drops}

    def covariance(self, commit: str) -> NDArray[np.float64]:
        base = self.commits[commit]["commit"]["base"]
        index = (self.path, f"base/{base}") if self.path.is_file() else (self.path / "base" / f"{base}.h5", "/")
        kind, id_, record, arrays = content(*index)
        assert (kind, id_) == ("base", base)
        if record["form"] == "factor":
            inner = arrays.get("factor_covariance", np.eye(record["factors"]))
            arrays["covariance"] = np.diag(arrays["noise"]) + arrays["loadings"] @ inner @ arrays["loadings"].T
        sigma = arrays["covariance"]
        deviations = np.sqrt(np.diag(sigma))
        for pathway, parts in map(self.pathways.get, sorted(self.active(commit))):
            genes, loadings = parts["genes"], parts["loadings"]
            scaled = loadings * deviations[genes, None] if pathway["units"] == "sd" else loadings
            inner = parts.get("pathway_covariance", np.eye(loadings.shape[1]))
            sigma[np.ix_(genes, genes)] += pathway["sign"] * scaled @ inner @ scaled.T
        return sigma


# The same store in every form


SIZE = 16
GENES = tuple(f"GENE{number}" for number in range(SIZE))
NOON = datetime(2026, 11, 1, 12, tzinfo=UTC)


def new(name: str, *, rank: int = 1, sign: int = 1, units: str = "sd", tied: bool = False) -> Pathway:
    rng = np.random.default_rng(sum(map(ord, name)))
    genes = np.sort(rng.choice(SIZE, size=5, replace=False))
    names = (name,) if rank == 1 else tuple(f"{name}-{index}" for index in range(rank))
    half = rng.normal(size=(rank, rank))
    inner = half @ half.T + np.eye(rank) if tied else None
    loadings = rng.normal(size=(5, rank)) * (0.05 if sign == -1 else 0.3)
    return Pathway(names, genes, loadings, 1 if sign == 1 else -1, "sd" if units == "sd" else "raw", inner)


def fill(repo: Repository, lab: Path) -> None:
    """Write all that a log can say: every kind of pathway, drops, re-adds, merges, re-inversions, refs, a fetch."""
    other = grnledger.init(lab, factor_model=factor_base(), genes=GENES, author="bob", time=NOON)
    other.commit([new("theirs"), new("both", rank=2, tied=True)], message="zwei µ-Wege")
    other.commit([new("late", units="raw")])
    other.create_tag("sent")
    repo.commit([new("p53"), new("tied", rank=3, units="raw", tied=True), new("less", sign=-1)])
    repo.create_branch("side", "v0")
    repo.commit([new("wnt", units="raw"), new("p53")], branch="side")
    repo.revert("v1", only=["p53"])
    repo.commit([new("again")])
    repo.revert("HEAD")
    repo.revert("HEAD")
    repo.merge("side")
    repo.reinvert()
    repo.commit([new("more", rank=4)])
    repo.fetch(lab, "lab")
    repo.create_tag("paper", "HEAD~2")
    repo.create_tag("draft")
    repo.delete_tag("draft")
    if repo.version("lab/main").base == repo.version().base:
        repo.merge("lab/main")
    repo.rollback("HEAD~1")
    repo.switch("side")


def factor_base() -> FactorCovariance:
    rng = np.random.default_rng(1)
    return FactorCovariance(rng.uniform(0.5, 1.5, SIZE), rng.normal(size=(SIZE, 2)))


def tied_base() -> FactorCovariance:
    return dataclasses.replace(factor_base(), factor_covariance=np.array([[2.0, 0.5], [0.5, 1.0]]))


@pytest.fixture(scope="module", params=["factor", "factors tied", "dense", "expression"])
def made(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Path:
    path = tmp_path_factory.mktemp("made") / "tumor.grn"
    if request.param.startswith("factor"):
        model = factor_base() if request.param == "factor" else tied_base()
        repo = grnledger.init(path, factor_model=model, genes=GENES, author="ada", time=NOON)
    elif request.param == "dense":
        covariance = np.cov(np.random.default_rng(2).normal(size=(SIZE, 60)))
        repo = grnledger.init(path, covariance=covariance, genes=GENES, author="ada", time=NOON)
    else:
        values = np.random.default_rng(3).normal(size=(SIZE, 9))
        repo = grnledger.init(path, expression=Expression(values, GENES, tuple("abcdefghi")), author="ada", time=NOON)
    fill(repo, path.with_name("lab.grn"))
    return path


def loose(store: Path) -> Path:
    return store


def packed(store: Path) -> Path:
    grnledger.open(store).pack()
    assert not list(store.glob("log/*.h5"))
    return store


def packed_in_part(store: Path) -> Path:
    """Half of the entries in a pack, whose loose files were left over, and some of them in a smaller one too."""
    folder, log = DirectoryStore(store), Ledger(store).log
    (store / "packs").mkdir()
    write_pack(folder, log, 2, 4)
    write_pack(folder, log, 1, 9)
    for number in (3, 7):
        (store / "log" / f"{number:010d}.h5").write_bytes(b"a leftover that counts no more")
    return store


def without_cache(store: Path) -> Path:
    shutil.rmtree(store / "cache")
    return store


def with_leftovers(store: Path) -> Path:
    for name in ("log/.0000000099.h5.0123456789abcdef.tmp", "packs/.0000000001-0000000009.h5.0123456789abcdef.tmp"):
        (store / name).parent.mkdir(exist_ok=True)
        (store / name).write_bytes(b"half an en")
    (store / "log" / f"{len(Store(store).log()) + 1:010d}.h5").touch()  # claimed, on a file system without links
    return store


def exported(store: Path) -> Path:
    grnledger.open(store).export(path := store.with_suffix(".h5"))
    return path


def exported_after_packing(store: Path) -> Path:
    return exported(packed(store))


def cloned(store: Path) -> Path:
    grnledger.clone(store, path := store.with_name("clone.grn"))
    return path


FORMS = [loose, packed, packed_in_part, without_cache, with_leftovers, exported, exported_after_packing, cloned]


@pytest.mark.parametrize("form", FORMS)
def test_a_reader_written_from_the_document_reads_what_the_repository_reads(
    made: Path, tmp_path: Path, form: Callable[[Path], Path]
) -> None:
    path = form(shutil.copytree(made, tmp_path / "tumor.grn"))
    store, repo = Store(path), grnledger.open(path)
    assert repo.damage == {}
    assert [version.id for version in repo.versions(None)[::-1]] == list(store.commits)
    assert store.refs.pop("HEAD") == repo.head == "side"
    refs = {f"branch/{name}": item.id for name, item in repo.branches.items()}
    refs |= {f"tag/{name}": item.id for name, item in repo.tags.items()}
    assert {ref: at for ref, at in store.refs.items() if at is not None} == refs
    assert store.refs["tag/draft"] is None
    for number, (commit, logged) in enumerate(store.commits.items()):
        assert store.active(commit) == {item.record.id for item in repo.active(f"v{number}")}
        text = "\n".join(["grnledger 1 version", logged["commit"]["base"], *sorted(store.active(commit))])
        assert sha256(text.encode()) == logged["measured"]["content"] == repo.version(f"v{number}").content
        covariance, expected = store.covariance(commit), repo.snapshot(f"v{number}").covariance.to_dense()
        np.testing.assert_allclose(covariance, expected, rtol=0, atol=1e-12 * np.abs(expected).max())
    assert len({store.covariance(commit).tobytes() for commit in store.commits}) > len(store.commits) // 2


@pytest.mark.parametrize("form", [loose, packed, exported])
def test_a_version_exported_alone_is_a_store_of_its_own(
    made: Path, tmp_path: Path, form: Callable[[Path], Path]
) -> None:
    source = form(shutil.copytree(made, tmp_path / "tumor.grn"))
    repo = grnledger.open(source, author="ada", time=NOON)
    repo.export(path := tmp_path / "one.h5", "paper")
    store, tip = Store(path), repo.version("paper").id
    assert store.refs == {"HEAD": "main", "branch/main": tip}
    assert store.commits.keys() == {version.id for version in repo.versions("paper")}
    expected = repo.snapshot("paper").covariance.to_dense()
    np.testing.assert_allclose(store.covariance(tip), expected, rtol=0, atol=1e-12 * np.abs(expected).max())


def test_the_golden_store_agrees_with_the_document() -> None:
    paths = [path for path in (Path(__file__).parent / "golden" / "format1").iterdir() if path.suffix != ".json"]
    assert paths
    for path in paths:
        store = Store(path)
        assert len(store.commits) > 1
        for commit, logged in store.commits.items():
            content_id = ["grnledger 1 version", logged["commit"]["base"], *sorted(store.active(commit))]
            assert sha256("\n".join(content_id).encode()) == logged["measured"]["content"]


@pytest.mark.parametrize("form", [loose, packed, exported])
def test_every_file_and_group_has_the_id_of_the_document(
    made: Path, tmp_path: Path, form: Callable[[Path], Path]
) -> None:
    path = form(shutil.copytree(made, tmp_path / "tumor.grn"))
    kinds: list[str] = []
    for file in [path] if path.is_file() else sorted(path.rglob("*.h5")):
        assert b"GCOL" not in file.read_bytes()  # no heap of variable-length data
        for group in groups_of(file):
            kind, id_, record, _ = content(file, group)
            kinds.append(kind)
            named = file.stem if group == "/" else group.rpartition("/")[2]
            if kind == "entry":
                assert named == f"{record['number']:010d}"
            elif kind != "history":
                assert named == (id_ if kind == "base" else record["content"])
    bases = {logged["commit"]["base"] for logged in Store(path).commits.values()}
    assert (kinds.count("entry"), kinds.count("base")) == (len(Store(path).log()), len(bases))
    assert kinds.count("anchor") == len(list(path.glob("cache/anchors/*.h5")))
    assert kinds.count("history") == (1 if form is exported else 0)


def groups_of(path: Path) -> list[str]:
    """Where the contents of a file stand: at its root, or in groups; nothing but plain datasets is beside them."""
    items: dict[str, Any] = {}
    with h5py.File(path) as file:
        file.visititems(items.__setitem__)
        for item in items.values():
            if isinstance(item, h5py.Dataset):
                check_plain(item)
        groups = {name for name, item in items.items() if isinstance(item, h5py.Group) and "record" in item}
        holding = {name.rpartition("/")[0] for name, item in items.items() if isinstance(item, h5py.Dataset)}
        assert holding == (groups or {""})
    return sorted(groups) or ["/"]


def check_plain(item: h5py.Dataset) -> None:
    assert item.dtype.kind in "Sfiu"
    assert item.dtype.str[0] in "<|"
    assert item.chunks is None
    assert item.compression is None
    assert not item.external
    assert not item.is_virtual


def test_the_id_of_a_pathway_agrees_with_the_document() -> None:
    both = Pathway(("a", "b"), np.array([1, 5]), np.array([[0.1, 0.2], [0.3, 0.4]]), -1, "raw", np.diag([1.0, 2.0]))
    record = '{"names":["a","b"],"sign":-1,"units":"raw"}'
    hashed = f"grnledger 1 pathway\n{len(record)}\n{record}\n".encode()
    hashed += b"genes <i8 (2,)\n" + np.array([1, 5]).tobytes()
    hashed += b"loadings <f8 (2, 2)\n" + np.array([0.1, 0.2, 0.3, 0.4]).tobytes()
    hashed += b"pathway_covariance <f8 (2, 2)\n" + np.array([1.0, 0, 0, 2.0]).tobytes()
    assert entries.pathway_id(both) == sha256(hashed)


# The reader itself


def test_the_reader_is_short_and_needs_nothing_of_grnledger() -> None:
    parts = [inspect.getsource(part).rstrip() for part in (sha256, canonical, identity, content, groups, Store)]
    assert len([line for part in parts for line in part.splitlines() if line]) < LONGEST_READER
    names = {node.id for part in parts for node in ast.walk(ast.parse(part)) if isinstance(node, ast.Name)}
    assert names & globals().keys() <= {
        "Arrays", "Any", "NDArray", "Path", "canonical", "content", "groups", "h5py", "hashlib", "identity", "json",
        "math", "np", "sha256", "zlib",
    }  # fmt: skip


@pytest.mark.parametrize("what", ["base", "entry", "pack", "exported"])
def test_the_reader_would_see_other_numbers(made: Path, tmp_path: Path, what: str) -> None:
    store = shutil.copytree(made, tmp_path / "tumor.grn")
    base, group = grnledger.open(store).version("v0").base, ""
    if what == "base":
        path = store / "base" / f"{base}.h5"
    elif what == "entry":
        path = store / "log" / "0000000002.h5"
    elif what == "pack":
        path, group = next(packed(store).glob("packs/*.h5")), "0000000002/"
    else:
        path, group = exported(store), f"base/{base}/"
        store = path
    with h5py.File(path, "r+") as file:
        numbers = file[group + ("loadings" if f"{group}loadings" in file else "covariance")]
        values = numbers[()]
        values.flat[3] *= 1 + 1e-12
        numbers[...] = values
    with pytest.raises(AssertionError):
        (read := Store(store)).covariance(next(iter(read.commits)))


@pytest.mark.parametrize("harm", ["swapped", "gone"])
def test_the_reader_would_see_another_order(made: Path, tmp_path: Path, harm: str) -> None:
    store = shutil.copytree(made, tmp_path / "tumor.grn")
    first, second = (store / "log" / f"{number:010d}.h5" for number in (3, 4))
    if harm == "swapped":
        first.rename(tmp_path / "aside")
        second.rename(first)
        (tmp_path / "aside").rename(second)
    else:
        first.unlink()
    with pytest.raises((AssertionError, KeyError)):
        Store(store)
