"""Lies about what is derived: an index, cached inversions, remembered numbers, analyses; here the truth may arrive."""

from __future__ import annotations

import hashlib
import itertools
import shutil
from typing import TYPE_CHECKING, Any
from unittest import mock

import grnledger
import ground
import numpy as np
from forger import Sealer, Store, write_file, write_folder
from grnledger.engine.network.covariance import ArraySource, DenseCovariance
from grnledger.engine.network.eigenvalues.spectrum import spectrum
from grnledger.engine.network.inversion import invert
from grnledger.storage import session
from grnledger.storage.files import layout
from grnledger.storage.networks import anchors, artifacts, remembered

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path

PARTS = ("index", "inversion", "remembered", "analysis")
"""What lies can be about."""

FIRST = "first"
"""The way that is counted, one for each lie."""

ENTRIES = 90
"""Entries of a store of which the index is read: of one in a file, the last 64 are read from the log."""

ASKED = ("v0", "v1", "v2", "HEAD", "main", "early")

PLANTS: dict[str, Callable[[], AbstractContextManager[Any]]] = {
    "rows-believed": lambda: mock.patch.object(session, "check_rows"),
    "numbers-believed": lambda: mock.patch.object(remembered.Remembered, "recall", _recall_unchecked),
    "analyses-believed": lambda: mock.patch.object(artifacts.Artifacts, "find", _find_any),
}
"""Checks that are left out, each of which must show."""


_RECALL = remembered.Remembered.recall


def _recall_unchecked(self: Any, of: Any, what: str, compute: Any, **named: Any) -> Any:
    """Recall numbers without a check."""
    return _RECALL(self, of, what, compute, **{**named, "check": None})


def play(folder: Path, abouts: Collection[str], *, every: int, only: str) -> Iterator[tuple[str, str, str, str]]:
    """Yield what each lie is about, the lie, the way it is offered, and how it ended."""
    parts = {"index": _index, "inversion": _inversions, "remembered": _numbers, "analysis": _analyses}
    for about in (about for about in PARTS if about in abouts):
        (folder / about).mkdir()
        for number, (lie, ends) in enumerate(parts[about](folder / about)):
            if number % every == 0 and only in lie:
                yield from ((about, lie, way if at else FIRST, end) for at, (way, end) in enumerate(ends()))


def answered(path: Path, expected: dict[str, bytes], *, rough: bool = False) -> str:
    """Return how a store that lies about what is derived answers, by the true answers to questions."""
    from forgeries import attempt

    for rev, true in expected.items():
        given: list[Any] = []
        end = attempt(lambda rev=rev, given=given: given.append(identity(path, rev)))
        if end == "unclear":
            return end
        if given and not (_alike(given[0], true) if rough else given[0] == true):
            return "answered"
    return "true answer"


def identity(path: Path, rev: str) -> Any:
    """Return the id, what is said of it, and the numbers of a version."""
    from forgeries import numbers_of

    repo = grnledger.open(path)
    numbers = numbers_of(repo, rev)
    version = repo.version(rev)
    return version.id, version.content, version.parents, numbers.tobytes()


def _alike(one: Any, other: Any) -> bool:
    from forgeries import close

    return one[:3] == other[:3] and close(np.frombuffer(one[3]), np.frombuffer(other[3]))


def everything(path: Path) -> Any:
    """Return all that a store says of history: refs, and each version."""
    repo = grnledger.open(path)
    every = repo.versions(None)
    said = [(version.id, version.content, version.author, version.time, version.message) for version in every]
    return {name: version.id for name, version in {**repo.branches, **repo.tags}.items()}, sorted(said)


def arrived(step: Callable[[], object], path: Path, truth: Any) -> str:
    """Return how an arrival ended where the truth may arrive."""
    from forgeries import attempt

    if (end := attempt(step)) != "taken":
        return end
    return "true answer" if everything(path) == truth else "taken"


# ---- the index of the log


def rehashed(text: str) -> str:
    """Return the text of an index with all its digits made to fit."""
    lines, digest, last = list[str](), hashlib.sha256(), ""
    for line in text.split("\n")[:-1]:
        if line.startswith("\x1c"):
            digest = hashlib.sha256(f"{last}\n".encode())
        if line.startswith(("\x1c", "entry ", "pack ")):
            body = line[:-64]
            digest.update(body.encode())
            last = digest.hexdigest()
            digest.update(f"{last}\n".encode())
            lines.append(body + last)
        else:
            digest.update(f"{line}\n".encode())
            lines.append(line)
    return "".join(f"{line}\n" for line in lines)


def _index(folder: Path) -> Iterator[tuple[str, Callable[[], Iterator[tuple[str, str]]]]]:
    path = folder / "long.grn"
    ground.make(path, dense=False)
    repo = ground.at(path, 20)
    repo.create_branch("early", "v1")
    for number in range(ENTRIES):
        repo.create_tag(f"t{number}", f"v{number % 5}")
    text = (path / "cache" / "history").read_text(encoding="utf-8")
    if rehashed(text) != text:
        raise SystemExit("The index is not hashed as the format says.")
    honest, sealer = Store.read(path), Sealer(Store.read(path))
    expected = {rev: identity(path, rev) for rev in ASKED}
    shutil.copytree(path, folder / "source.grn")
    for copy, source in (("true.grn", "source.grn"),):
        ground.make_target(folder / copy)
        grnledger.open(folder / copy, author="bob", time=ground.NOON).fetch(folder / source, "lab")
    fetched = everything(folder / "true.grn")
    cloned = everything(path)
    for lie, change in _index_lies():
        forged = rehashed(change(text))
        if forged != text:
            yield lie, lambda forged=forged: _offer_index(folder, honest, sealer, forged, expected, fetched, cloned)


def _offer_index(
    folder: Path, honest: Store, sealer: Sealer, text: str, expected: Any, fetched: Any, cloned: Any
) -> Iterator[tuple[str, str]]:
    file, source, target, copy = (folder / name for name in ("lab.h5", "lab.grn", "our.grn", "copy.grn"))
    for path in (source, target, copy):
        shutil.rmtree(path, ignore_errors=True)
    file.unlink(missing_ok=True)
    write_file(file, honest.copy(), sealer, text)
    shutil.copytree(folder / "source.grn", source)
    (source / "cache" / "history").write_text(text, encoding="utf-8")
    yield "numbers", answered(file, expected)
    for way, other in (("import", file), ("fetch", source)):
        shutil.rmtree(target, ignore_errors=True)
        ground.make_target(target)
        opened = grnledger.open(target, author="bob", time=ground.NOON)
        yield way, arrived(lambda other=other, opened=opened: opened.fetch(other, "lab"), target, fetched)
    for way, other in (("clone of a file", file), ("clone", source)):
        yield way, arrived(lambda other=other: grnledger.clone(other, copy), copy, cloned)
        shutil.rmtree(copy, ignore_errors=True)


def _index_lies() -> Iterator[tuple[str, Callable[[str], str]]]:
    def field(row: int, place: int, value: Callable[[str], str]) -> Callable[[str], str]:
        def change(text: str) -> str:
            lines = text.split("\n")
            at = next(i for i, line in enumerate(lines) if line.startswith(f"commit {row}\t"))
            fields = lines[at].split("\t")
            fields[place] = value(fields[place])
            lines[at] = "\t".join(fields)
            return "\n".join(lines)

        return change

    names = ("id", "content", "parents", "time", "author", "rank", "adds", "drops", "base", "message", "rest")
    for row, (place, name) in itertools.product((1, 2, 4), enumerate(names, start=1)):
        yield f"index: {name} of v{row} is nothing", field(row, place, lambda _: "-")
        yield f"index: {name} of v{row} is reversed", field(row, place, lambda old: old[::-1])
    yield "index: another author", field(1, 5, lambda _: "eve")
    yield "index: v2 dropped a pathway", lambda text: field(2, 8, lambda _: _fields(text, 6)[8])(text)
    yield "index: v4 adds nothing", field(4, 7, lambda _: "")
    yield "index: v4 has the content of v3", lambda text: field(4, 2, lambda _: _fields(text, 3)[2])(text)
    yield "index: main elsewhere", lambda text: text.replace("\tmain\x1f", "\tmian\x1f")
    yield "index: refs exchanged", _refs_exchanged


def _fields(text: str, row: int) -> list[str]:
    return next(line for line in text.split("\n") if line.startswith(f"commit {row}\t")).split("\t")


def _refs_exchanged(text: str) -> str:
    """Return an index in which the refs lines let `early` stand where `side` does."""
    lines = text.split("\n")
    for at, line in enumerate(lines):
        if line.startswith("\x1crefs"):
            lines[at] = line.replace("early", "EARLY").replace("side", "early").replace("EARLY", "side")
    return "\n".join(lines)


# ---- cached inversions


def _inversions(folder: Path) -> Iterator[tuple[str, Callable[[], Iterator[tuple[str, str]]]]]:
    for dense in (True, False):
        path = folder / f"{'dense' if dense else 'factors'}.grn"
        ground.make(path, dense=dense)
        repo = grnledger.open(path)
        version = next(version for version in repo.versions() if version.message == "re-inversion")
        rev = version.name
        expected = {rev: identity(path, rev), "HEAD": identity(path, "HEAD")}
        right = repo.snapshot(rev).covariance.to_dense()
        pathways = [active.record.id for active in repo.active(rev)]
        for lie, pair in _wrong_pairs(right, repo.snapshot("v1").covariance.to_dense()):
            name = f"{'dense' if dense else 'factors'}: {lie}"

            def ends(
                path: Path = path,
                pair: DenseCovariance = pair,
                version: Any = version,
                pathways: list[str] = pathways,
                expected: Any = expected,
            ) -> Iterator[tuple[str, str]]:
                forged = folder / "lab.grn"
                shutil.rmtree(forged, ignore_errors=True)
                shutil.copytree(path, forged)
                cache = forged / "cache" / layout.ANCHORS
                anchors.write_anchor(cache, version.content, version.base, pathways, pair)
                findings = grnledger.verify(forged).findings
                named = {finding.path for finding in findings if finding.kind == "derived"}
                found = named == {f"cache/{layout.ANCHORS}/{version.content}.h5"}
                yield "verify", "refused" if found else "unclear"
                yield "numbers", answered(forged, expected, rough=True)
                yield "once more", answered(forged, expected, rough=True)
                yield "named no more", "true answer" if grnledger.verify(forged).sound else "unclear"

            yield name, ends


def _wrong_pairs(right: np.ndarray[Any, Any], other: np.ndarray[Any, Any]) -> Iterator[tuple[str, DenseCovariance]]:
    true = invert(right.copy())
    covariance, precision = (source.rows(np.arange(len(right))) for source in (true.covariance, true.precision))

    def pair(sigma: np.ndarray[Any, Any], theta: np.ndarray[Any, Any]) -> DenseCovariance:
        return DenseCovariance(ArraySource(sigma.copy()), ArraySource(theta.copy()), true.log_det)

    yield "the inversion of another version", invert(other.copy())
    for factor in (2.0, 1.001):
        yield f"both scaled by {factor}", pair(covariance * factor, precision / factor)
        yield f"covariance times {factor}", pair(covariance * factor, precision)
        yield f"precision times {factor}", pair(covariance, precision * factor)
    for size in (3.7, 1e-1, 1e-3, 1e-5):
        for name, matrix in (("covariance", covariance), ("precision", precision)):
            wrong = matrix.copy()
            wrong[3, 9] = wrong[9, 3] = wrong[3, 9] + size * np.sqrt(wrong[3, 3] * wrong[9, 9])
            both = (wrong, precision) if name == "covariance" else (covariance, wrong)
            yield f"an entry of {name} by {size:g}", pair(*both)
            if size < 1:
                consistent = invert(np.linalg.inv(wrong).astype(np.float64) if name == "precision" else wrong.copy())
                yield f"an entry of {name} by {size:g}, and its inverse", consistent
    yield "genes exchanged", pair(covariance[::-1, ::-1], precision[::-1, ::-1])
    yield "not a number", pair(np.where(np.eye(len(right))[::-1] > 0, np.nan, covariance), precision)


# ---- remembered numbers


def _numbers(folder: Path) -> Iterator[tuple[str, Callable[[], Iterator[tuple[str, str]]]]]:
    path = folder / "honest.grn"
    with mock.patch.object(remembered, "WORTH_OPERATIONS", 0.0):
        grnledger.init(path, genes=ground.GENES, author="ada", time=ground.NOON, factor_model=ground.factors())
        ground.at(path, 1).commit([ground.pathway("p53", 1), ground.pathway("loss", 7, -1)], message="p53")
        true = _remembered(path)
    for file in sorted((path / "cache" / layout.NUMBERS).iterdir()):
        header = file.read_bytes().split(b"\n", 3)
        what = header[2].decode().partition('"numbers":"')[2].partition('"')[0]
        for lie, change in _wrong_numbers():

            def ends(file: Path = file, change: Any = change) -> Iterator[tuple[str, str]]:
                forged = folder / "lab.grn"
                shutil.rmtree(forged, ignore_errors=True)
                shutil.copytree(path, forged)
                _, head, request, content = file.read_bytes().split(b"\n", 3)
                numbers = change(np.frombuffer(content, dtype="<f8").copy()).tobytes()
                digest = hashlib.sha256(head + b"\n" + request + b"\n" + numbers).hexdigest().encode()
                target = forged / file.relative_to(path)
                target.write_bytes(b"\n".join((digest, head, request, numbers)))
                with mock.patch.object(remembered, "WORTH_OPERATIONS", 0.0):
                    yield "numbers", "true answer" if np.allclose(_remembered(forged), true, rtol=1e-6) else "answered"

            yield f"{what} {file.name[:6]}: {lie}", ends


def _remembered(path: Path) -> np.ndarray[Any, Any]:
    """Return all numbers that are remembered, as they are answered."""
    repo, parts = grnledger.open(path), list[np.ndarray[Any, Any]]()
    for rev in ("v0", "v1"):
        version = repo.snapshot(rev)
        extremes = spectrum(version)
        parts += [np.array([extremes.smallest, extremes.largest]), version.precision.diagonal()]
    parts.append(repo.snapshot("v1", penalty=0.5).precision.diagonal())
    return np.concatenate(parts)


def _wrong_numbers() -> Iterator[tuple[str, Callable[[np.ndarray[Any, Any]], np.ndarray[Any, Any]]]]:
    yield "doubled", lambda values: values * 2.0
    yield "halved", lambda values: values / 2.0
    yield "negative", lambda values: -values
    yield "not a number", lambda values: values * np.nan
    yield "infinite", lambda values: values * np.inf
    yield "zero", lambda values: values * 0.0
    yield "reversed", lambda values: values[::-1].copy()
    yield "the first by a third", lambda values: values * np.where(np.arange(len(values)) == 0, 1.34, 1.0)


# ---- analyses


def _find_any(self: Any, analysis: str, content: str, parameters: Any) -> Any:
    key = layout.artifact_key(analysis, content, parameters)
    return self.read(key) if key in self.keys() else None


def _analyses(folder: Path) -> Iterator[tuple[str, Callable[[], Iterator[tuple[str, str]]]]]:
    path = folder / "honest.grn"
    ground.make(path, dense=True)
    repo = ground.at(path, 30)
    head = repo.version()
    asked: list[tuple[str, str]] = list(itertools.product(("nmf", "kernel", "chance"), (head.content, head.base)))
    for kind, content in asked:
        repo.artifacts.keep(
            kind, content, {"seed": 1}, {"values": np.arange(3.0)}, source="x", facts={"rank": 3}, software={}
        )
    sealer = Sealer(Store.read(path))
    for lie, change in _analysis_lies():

        def ends(change: Any = change) -> Iterator[tuple[str, str]]:
            forged = Store.read(path)
            for part in forged.artifacts.values():
                change(part)
            source, file, copy = (folder / name for name in ("lab.grn", "lab.h5", "copy.grn"))
            for old in (source, copy):
                shutil.rmtree(old, ignore_errors=True)
            file.unlink(missing_ok=True)
            write_folder(source, forged.copy(), sealer)
            write_file(file, forged.copy(), sealer)
            yield "file in place", _reused(file, asked)
            for way, other in (("clone", source), ("clone of a file", file)):
                grnledger.clone(other, copy)
                yield way, _reused(copy, asked)
                shutil.rmtree(copy)

        yield lie, ends


def _reused(path: Path, asked: list[tuple[str, str]]) -> str:
    kept = grnledger.open(path).artifacts
    if any(kept.find(kind, content, {"seed": 1}) is not None for kind, content in asked):
        return "answered"
    listed = [artifact for artifact in kept.each() if isinstance(artifact, artifacts.Artifact)]
    return "refused" if all(artifact.elsewhere for artifact in listed) else "taken"


def _analysis_lies() -> Iterator[tuple[str, Callable[[Any], object]]]:
    yield "analysis: none", lambda _: None
    yield "analysis: other numbers", lambda part: part.arrays.update(values=np.ones(3))
    yield "analysis: other facts", lambda part: part.record["facts"].update(rank=7)
    yield "analysis: another author", lambda part: part.record.update(author="bob")
    yield "analysis: says that it was computed here", lambda part: part.record.update(elsewhere="")
    yield "analysis: a time that is none", lambda part: part.record.update(time="2026-02-30T00:00:00Z")
    yield "analysis: an array more", lambda part: part.arrays.update(more=np.ones(3))
    yield "analysis: not a number", lambda part: part.arrays.update(values=np.full(3, np.nan))
