"""The lies that a forger plants: in each field of each record, in loadings, bases, names, and what others computed."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from forger import LIE, Part, Store, pathways_in

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Plant = Callable[[Store], object]

SAID, NUMBERS, ENTRY, NAME, PANEL = "said", "numbers", "entry", "name", "panel"
"""What a lie is about: what somebody said or measured; numbers; an entry of the log, which a fetch does not take in, as
it writes its own; names of branches and tags; the panel, which a clone has to believe."""

NOT_TIMES = (
    "2026-02-30T12:00:00Z", "2026-13-01T12:00:00Z", "2026-11-01T25:00:00Z", "2026-11-01T12:61:00Z",
    "0000-01-01T00:00:00Z", "２０２６-11-01T12:00:00Z", "2026-11-0١T12:00:00Z", "2026-11-01 12:00:00Z",
    "2026-11-01T12:00:00", "+026-11-01T12:00:00Z", "2026-11-01T12:00:00+01:00", "", "now", 20261101, None,
)  # fmt: skip
NOT_AUTHORS = ("", " ", "ada\nbob", "ada\x1b[2J", "x" * 1_001, "\u202eada", 7, None)
NOT_HASHES = ("", "ab", LIE.upper(), LIE + "0", "٠" * 64, 1, None)
NOT_COUNTS = (-1, 2**60, 1.5, "1", None)
NOT_NAMES = (
    "e\u0301tude", "mаin", "ＭＡＩＮ", "Main", "MAIN", "ⅿain", "pаper", "PAPER", "main ", "a..b", "-x", ".x", "x.",
    "a//b", "v3", "HEAD", "abcdef12", "x" * 201, "a\u200db", "\u202eniam", "a\tb", "", "a\\b", "side:1", "sid\u0435",
    "ѕide",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Lie:
    """One lie.

    Parameters
    ----------
    name : str
        What it is.
    about : str
        `SAID`, `NUMBERS`, `ENTRY` or `NAME`.
    plant : callable
        Plants it in a store that was taken apart.
    message : str
        The message of the commit whose version it is about; that of the last one where it is about all.
    """

    name: str
    about: str
    plant: Plant
    message: str = "last"


def lies(*, dense: bool) -> Iterator[Lie]:
    """Yield all lies about a store that `ground.make` made, on a dense base or on one of factors."""
    yield from _of_commits()
    yield from _of_measurements()
    yield from _of_pathways()
    yield from _of_loadings()
    yield from _of_entries()
    yield from _of_names()
    yield from _of_base_records(dense=dense)
    yield from _of_dense() if dense else _of_factors()


def _logged(store: Store, message: str) -> dict[str, Any]:
    return next(logged for logged in store.commits() if logged["commit"]["message"] == message)


def _setting(message: str, *keys: Any, value: Any) -> Plant:
    """Return what sets a value deep in the logged commit of a message."""

    def plant(store: Store) -> None:
        here: Any = _logged(store, message)
        for key in keys[:-1]:
            here = here[key]
        here[keys[-1]] = value

    return plant


def _removing(message: str, *keys: Any) -> Plant:
    def plant(store: Store) -> None:
        here: Any = _logged(store, message)
        for key in keys[:-1]:
            here = here[key]
        del here[keys[-1]]

    return plant


def _of_commits() -> Iterator[Lie]:
    for message, value in itertools.product(("p53", "last"), NOT_TIMES):
        yield Lie(f"{message}: time {value!r}", SAID, _setting(message, "commit", "time", value=value))
    for message, value in itertools.product(("loss", "merge"), NOT_AUTHORS):
        yield Lie(f"{message}: author {value!r:.30}", SAID, _setting(message, "commit", "author", value=value))
    for value in NOT_HASHES:
        yield Lie(f"base {value!r:.20}", SAID, _setting("last", "commit", "base", value=value))
        yield Lie(f"parent {value!r:.20}", SAID, _setting("last", "commit", "parents", value=[value]))
        source = {"file": "x.gmt", "sha256": value, "parameters": {}}
        yield Lie(f"source {value!r:.20}", SAID, _setting("last", "commit", "source", value=source))
    yield Lie("a base that is not there", SAID, _setting("last", "commit", "base", value=LIE))
    yield Lie("a parent that is not there", SAID, _setting("last", "commit", "parents", value=[LIE]))
    yield Lie("no parent", SAID, _setting("last", "commit", "parents", value=[]))
    yield Lie("a parent twice", SAID, lambda store: _twice(_logged(store, "last")["commit"]["parents"]))
    yield Lie("three parents", SAID, lambda store: _twice(_twice(_logged(store, "merge")["commit"]["parents"])))
    for message in ("p53", "last", "merge"):
        yield Lie(f"{message} sets a base", SAID, _setting(message, "commit", "sets_base", value=True))
    yield Lie("the first sets no base", SAID, lambda store: store.commits()[0]["commit"].update(sets_base=False))
    yield Lie("sets_base is a number", SAID, _setting("last", "commit", "sets_base", value=3))
    for value in (7, None, ["last"], "x" * 100_001):
        yield Lie(f"message {value!r:.30}", SAID, _message(value))
    for file, parameters in ((7, {}), ("x.gmt", {"a": [1]}), ("x.gmt", {"a": float("nan")}), ("x.gmt", 3)):
        source = {"file": file, "sha256": LIE, "parameters": parameters}
        yield Lie(f"source {file} {parameters}", SAID, _setting("last", "commit", "source", value=source))
    yield Lie("a field more", SAID, _setting("last", "commit", "extra", value=1))
    yield Lie("a field more, measured", SAID, _setting("last", "measured", "extra", value=1))
    for name in ("author", "message", "adds", "sets_base", "source"):
        yield Lie(f"without {name}", SAID, _removing("last", "commit", name))
    yield Lie("drops what is not there", SAID, _dropping("revert", id=LIE))
    yield Lie("drops by another name", SAID, _dropping("revert", names=["other"]))
    yield Lie("drops what was not seen", SAID, _dropping("revert", seen=[LIE]))
    yield Lie("drops, having seen nothing", SAID, _dropping("revert", seen=[]))
    yield Lie("drops nothing, says its content", NUMBERS, _keeping_content("revert", "drops"), "revert")
    yield Lie("adds nothing, says its content", NUMBERS, _keeping_content("last", "adds"), "last")


def _twice(items: list[Any]) -> list[Any]:
    items.append(items[0])
    return items


def _message(value: Any) -> Plant:
    return lambda store: _logged(store, "last")["commit"].update(message=value)


def _dropping(message: str, **changes: Any) -> Plant:
    return lambda store: _logged(store, message)["commit"]["drops"][0].update(changes)


def _keeping_content(message: str, field: str) -> Plant:
    """Return what empties a field of a commit whose content id stays what it was, as that of another version would."""

    def plant(store: Store) -> None:
        _logged(store, message)["commit"][field] = []
        store.kept.add(message)

    return plant


def _of_measurements() -> Iterator[Lie]:
    for message, (field, value) in itertools.product(
        ("last", "loss"),
        [
            *(("content", value) for value in (*NOT_HASHES, LIE)),
            *((field, value) for field in ("rank", "rank_since", "since_anchor") for value in (*NOT_COUNTS, 0, 77)),
            *(("anchor", value) for value in ("", "ab", LIE, 1)),
            *(("probe", value) for value in (-1.0, 0.5, 3.7, 1e300, float("nan"), float("inf"), "0", 1e-2)),
            *(("guard", value) for value in (0.0, -0.2, 1.5, 0.37, 1e-9, float("nan"), float("inf"), None, "1")),
        ],
    ):
        yield Lie(f"{message}: {field} {value!r:.20}", SAID, _setting(message, "measured", field, value=value), message)
    yield Lie("an anchor of before", SAID, _anchor_of("last", "loss"))
    yield Lie("an anchor with what was reverted", NUMBERS, _anchor_of("revert", "merge"), "revert")
    for message, step in itertools.product(("last", "revert", "re-inversion"), (-1, 1)):
        yield Lie(f"{message}: since_anchor by {step}", SAID, _adding(message, "since_anchor", step))
        yield Lie(f"{message}: rank_since by {step}", SAID, _adding(message, "rank_since", step))
        yield Lie(f"{message}: rank by {step}", SAID, _adding(message, "rank", step))


def _anchor_of(message: str, other: str) -> Plant:
    def plant(store: Store) -> None:
        anchor = _logged(store, other)["measured"]["content"]
        _logged(store, message)["measured"].update(anchor=anchor)

    return plant


def _adding(message: str, field: str, step: int) -> Plant:
    def plant(store: Store) -> None:
        measured = _logged(store, message)["measured"]
        measured[field] += step

    return plant


def _of_pathways() -> Iterator[Lie]:
    def adding(**changes: Any) -> Plant:
        return lambda store: _logged(store, "last")["commit"]["adds"][0].update(changes)

    for value in (*NOT_COUNTS, 0, 4, 6, 1_000):
        yield Lie(f"genes {value!r}", SAID, adding(genes=value))
    for names in ([], [""], [" "], ["a\nb"], ["\u202ea"], ["a", "a"], ["a", "b"], "ras", [7], ["p53"], ["x" * 1_001]):
        yield Lie(f"names {names!r:.30}", SAID, adding(names=names))
    for sign in (0, 2, -2, "1", None):
        yield Lie(f"sign {sign!r}", SAID, adding(sign=sign))
    for units in ("mg", "", None):
        yield Lie(f"units {units!r}", SAID, adding(units=units))
    for covariance in (True, "yes", None):
        yield Lie(f"covariance {covariance!r}", SAID, adding(covariance=covariance))
    for id_ in (*NOT_HASHES, LIE):
        yield Lie(f"id {id_!r:.20}", SAID, adding(id=id_))
    yield Lie("missing is a number", SAID, adding(missing=[3]))
    yield Lie("a pathway twice", SAID, lambda store: _twice(_logged(store, "last")["commit"]["adds"]))


def _array(message: str, name: str, change: Callable[[np.ndarray], object]) -> Plant:
    """Return what changes an array of the first pathway of a commit, in place."""

    def plant(store: Store) -> None:
        arrays = pathways_in(store.entry_of(message))[0][1]
        change(arrays[name])

    return plant


def _of_loadings() -> Iterator[Lie]:
    of = _array

    def put(value: float) -> Callable[[np.ndarray], object]:
        return lambda array: array.__setitem__(0, value)

    for message, value in itertools.product(("p53", "last", "loss"), (np.nan, np.inf, -np.inf, 1e200, 1e160, 1e20)):
        yield Lie(f"{message}: a loading of {value}", NUMBERS, of(message, "loadings", put(value)), message)
    for message in ("p53", "last"):
        yield Lie(f"{message}: all loadings 0", NUMBERS, of(message, "loadings", lambda a: a.fill(0.0)), message)
        yield Lie(f"{message}: loadings of 1e-200", NUMBERS, of(message, "loadings", lambda a: a.fill(1e-200)), message)
    for factor in (40.0, 1e3, 1e9):
        for message in ("loss", "last loss"):
            change = of(message, "loadings", lambda array, factor=factor: np.multiply(array, factor, out=array))
            yield Lie(f"{message}: subtracts {factor:g} times as much", NUMBERS, change, message)
    for value in (-1, 24, 2**40, -(2**63)):
        yield Lie(f"gene number {value}", NUMBERS, of("last", "genes", put(value)))
        yield Lie(f"last gene number {value}", NUMBERS, of("last", "genes", lambda a, v=value: a.__setitem__(-1, v)))
    yield Lie("genes in no order", NUMBERS, of("last", "genes", lambda a: a.__setitem__(slice(None), a[::-1].copy())))
    yield Lie("a gene twice", NUMBERS, of("last", "genes", lambda a: a.__setitem__(1, a[0])))
    yield from _of_arrays()


def _of_arrays() -> Iterator[Lie]:
    for name, value in (("asymmetric", (0, 1)), ("indefinite", None), ("not a number", np.nan), ("zero", 0.0)):
        yield Lie(f"a covariance of columns, {name}", NUMBERS, _pair(value), "pair")
    for name, dtype in itertools.product(("loadings", "genes"), ("<f4", "<i4", "|S8")):
        yield Lie(f"{name} as {dtype}", NUMBERS, _typed(name, dtype))
    for name, size in itertools.product(("genes", "loadings"), (-1, 1, 1_000)):
        yield Lie(f"{name} of another length, by {size}", SAID, _resized(name, size))
    yield Lie("an array more", SAID, lambda store: store.entry_of("last").arrays.update(more=np.ones(3)))
    yield Lie("no loadings", NUMBERS, lambda store: store.entry_of("last").arrays.pop("loadings"))


def _pair(value: Any) -> Plant:
    def plant(store: Store) -> None:
        covariance = pathways_in(store.entry_of("pair"))[0][1]["pathway_covariance"].reshape(2, 2)
        if isinstance(value, tuple):
            covariance[value] += 0.1
        elif value is None:
            covariance[:] = [[1.0, 2.0], [2.0, 1.0]]
        else:
            covariance[:] = value

    return plant


def _typed(name: str, dtype: str) -> Plant:
    def plant(store: Store) -> None:
        arrays = store.entry_of("last").arrays
        arrays[name] = arrays[name].astype(dtype)

    return plant


def _resized(name: str, size: int) -> Plant:
    def plant(store: Store) -> None:
        arrays = store.entry_of("last").arrays
        whole = arrays[name]
        arrays[name] = whole[:size] if size < 0 else np.concatenate([whole, np.ones(size, whole.dtype)])

    return plant


def _of_entries() -> Iterator[Lie]:
    def setting(field: str, value: Any, at: int = -2) -> Plant:
        return lambda store: store.entries[at].record.update({field: value})

    for value in NOT_TIMES[:8]:
        yield Lie(f"entry time {value!r}", ENTRY, setting("time", value))
    for value in NOT_AUTHORS:
        yield Lie(f"entry author {value!r:.30}", ENTRY, setting("author", value))
    for value in (0, 1, 10**9, "3"):
        yield Lie(f"entry number {value!r}", ENTRY, setting("number", value))
    for value in (0, 77, -1, 2**60):
        yield Lie(f"entry after {value} versions", ENTRY, setting("versions", value))
    yield Lie("another entry before", ENTRY, setting("previous", LIE))
    yield Lie("no reason", ENTRY, setting("reason", None))
    yield Lie("no moves", ENTRY, setting("moves", []))
    for end in ("before", "after"):
        yield Lie(f"moved from nowhere: {end}", ENTRY, lambda store, end=end: _last_move(store).update({end: LIE}))


def _last_move(store: Store) -> dict[str, Any]:
    return store.entries[-1].record["moves"][0]


def _of_names() -> Iterator[Lie]:
    for kind, name in itertools.product(("branch", "tag"), NOT_NAMES):
        yield Lie(f"a {kind} named {name!a:.30}", NAME, _naming(f"{kind}/{name}"))
    for ref in ("branch/paper", "tag/main", "tag/side", "remote/x", "", "branch"):
        yield Lie(f"a ref {ref!r}", NAME, _naming(ref))


def _naming(ref: str) -> Plant:
    """Return what gives a new name to what the last entry has made; there a tag is made."""

    def plant(store: Store) -> None:
        _last_move(store)["ref"] = ref

    return plant


def _base(store: Store) -> Part:
    return next(iter(store.bases.values()))


def _of_base_records(*, dense: bool) -> Iterator[Lie]:
    def setting(field: str, value: Any) -> Plant:
        return lambda store: _base(store).record.update({field: value})

    def parameter(name: str, value: Any) -> Plant:
        return lambda store: _base(store).record["parameters"].update({name: value})

    fields = {
        "form": ("factor" if dense else "dense", "sparse", None),
        "genes": (23, 25, 0, -1, 2**60),
        "factors": (7, -1, 2**60),
        "samples": (-1, 3.5, 2**60),
        "constant_genes": (25, -1),
        "keeps_expression": (True, "no"),
        "log_det": (None, float("nan"), "0") if dense else (0.0, float("nan")),
        "estimator": (None, 3),
        "notes": ([3], "x"),
        "software": ({"numpy": 3}, 3),
        "source": ({"file": "x", "sha256": "ab", "parameters": {}}, 3),
        "extra": (1,),
    }
    for field, values in fields.items():
        for value in values:
            yield Lie(f"base: {field} {value!r:.40}", NUMBERS, setting(field, value))
    shares = (7.0, -0.1, "0.5", float("nan"))
    for name, value in itertools.product(("lambda", "lambda_variance"), shares):
        yield Lie(f"base: {name} {value!r}", SAID, parameter(name, value))
    for value in (-1, 5, "9"):
        yield Lie(f"base: degrees of freedom {value!r}", SAID, parameter("degrees_of_freedom", value))
    yield Lie("base: a ridge of -1", SAID, parameter("ridge", -1.0))

    def genes(change: Callable[[np.ndarray], np.ndarray]) -> Plant:
        return lambda store: _base(store).arrays.update(genes=change(_base(store).arrays["genes"]))

    yield Lie("base: genes in another order", PANEL, genes(lambda names: names[::-1].copy()))
    yield Lie("base: a gene twice", NUMBERS, genes(lambda names: np.concatenate([names[:1], names[:-1]])))
    yield Lie("base: a gene less", NUMBERS, genes(lambda names: names[:-1]))
    yield Lie("base: genes as numbers", NUMBERS, genes(lambda names: np.arange(len(names))))
    for which in ([1, 0], [-1, 0], [0], [2**31 - 1, 0]):
        yield Lie(f"base: left out for {which}", SAID, _leaving_out(which))


def _leaving_out(which: list[int]) -> Plant:
    """Return what names two genes that were left out for one reason, by positions of it that need not be there."""

    def plant(store: Store) -> None:
        names = {"left_out": np.array([b"A", b"B"]), "left_out_reasons": np.array([b"constant"])}
        _base(store).arrays.update(names, left_out_for=np.array(which, "<i4"))

    return plant


def _of_dense() -> Iterator[Lie]:
    def of(name: str, change: Callable[[np.ndarray], object]) -> Plant:
        """Return what changes a matrix in place, and the diagonal that is stored beside it."""

        def plant(store: Store) -> None:
            base = _base(store)
            change(base.bulk[name])
            _mirror_diagonals(base)

        return plant

    for name in ("covariance", "precision"):
        for factor in (2.0, 1.01, -1.0, 1e-3):
            change = of(name, lambda matrix, factor=factor: np.multiply(matrix, factor, out=matrix))
            yield Lie(f"base: {name} times {factor}", NUMBERS, change)
        for value in (np.nan, np.inf, 1e30):
            yield Lie(f"base: {value} in {name}", NUMBERS, of(name, lambda m, v=value: m.__setitem__((3, 9), v)))
        yield Lie(f"base: {name} asymmetric", NUMBERS, of(name, lambda m: m.__setitem__((3, 9), m[3, 9] + 1e-3)))
        for size in (1e-1, 1e-3, 1e-5):
            yield Lie(f"base: an entry of {name} by {size:g}", NUMBERS, of(name, _both(size)))
        yield Lie(f"base: {name} of another order", NUMBERS, of(name, _turned))
        yield Lie(f"base: no {name}", NUMBERS, lambda store, name=name: _base(store).bulk.pop(name))
        yield Lie(f"base: {name} as float32", NUMBERS, _float32(name))
    yield from _of_dense_facts()


def _of_dense_facts() -> Iterator[Lie]:
    for name in ("variances", "precision_diagonal"):
        for value in (0.0, -1.0, np.nan, np.inf, 5.0):
            yield Lie(f"base: {name} {value}", NUMBERS, _element(name, value))
    for what, values in (("indefinite", _indefinite), ("nearly singular", _nearly_singular)):
        yield Lie(f"base: {what}, with its own inverse", NUMBERS, _exchanged(values))
    for step in (1.0, -1.0, 1e-3):
        yield Lie(f"base: log_det by {step}", NUMBERS, _log_det(step))


def _element(name: str, value: float) -> Plant:
    return lambda store: _base(store).arrays[name].reshape(-1).__setitem__(4, value)


def _log_det(step: float) -> Plant:
    return lambda store: _base(store).record.update(log_det=_base(store).record["log_det"] + step)


def _mirror_diagonals(base: Part) -> None:
    for diagonal, name in (("variances", "covariance"), ("precision_diagonal", "precision")):
        base.arrays[diagonal] = base.bulk[name].diagonal().copy()


def _turned(matrix: np.ndarray) -> None:
    matrix[:] = matrix[::-1, ::-1].copy()


def _both(size: float) -> Callable[[np.ndarray], object]:
    def change(matrix: np.ndarray) -> None:
        step = size * np.sqrt(matrix[3, 3] * matrix[9, 9])
        matrix[3, 9] += step
        matrix[9, 3] += step

    return change


def _float32(name: str) -> Plant:
    return lambda store: _base(store).bulk.update({name: _base(store).bulk[name].astype("<f4")})


def _exchanged(change: Callable[[np.ndarray], np.ndarray]) -> Plant:
    def plant(store: Store) -> None:
        base = _base(store)
        values, vectors = np.linalg.eigh(base.bulk["covariance"])
        values = change(values)
        for name, powers in (("covariance", values), ("precision", 1.0 / values)):
            matrix = (vectors * powers) @ vectors.T
            base.bulk[name] = (matrix + matrix.T) / 2
        _mirror_diagonals(base)
        base.record["log_det"] = float(np.sum(np.log(np.abs(values))))

    return plant


def _indefinite(values: np.ndarray) -> np.ndarray:
    return np.concatenate([[-1e-3 * values[0]], values[1:]])


def _nearly_singular(values: np.ndarray) -> np.ndarray:
    return np.concatenate([[1e-15 * values[-1]], values[1:]])


def _of_factors() -> Iterator[Lie]:
    def loading(value: float) -> Plant:
        return lambda store: _base(store).bulk["loadings"].__setitem__((3, 1), value)

    for value in (0.0, -1.0, np.nan, np.inf, 1e-320, 1e-40):
        yield Lie(f"base: a noise of {value}", NUMBERS, _element("noise", value))
    for value in (np.nan, np.inf, 1e200, 1e20):
        yield Lie(f"base: a factor loading of {value}", NUMBERS, loading(value))
    plants: dict[str, Plant] = {
        "no noise": lambda store: _base(store).arrays.pop("noise"),
        "a noise less": lambda store: _base(store).arrays.update(noise=_base(store).arrays["noise"][:-1]),
        "no loadings": lambda store: _base(store).bulk.pop("loadings"),
        "a row of loadings less": lambda store: _base(store).bulk.update(loadings=_base(store).bulk["loadings"][:-1]),
        "loadings as float32": _float32("loadings"),
        "an indefinite factor covariance": _factor_covariance([[1.0, 2.0], [2.0, 1.0]]),
        "an asymmetric factor covariance": _factor_covariance([[1.0, 0.2], [0.1, 1.0]]),
        "a factor covariance of one": _factor_covariance([[1.0]]),
    }
    for name, plant in plants.items():
        yield Lie(f"base: {name}", NUMBERS, plant)


def _factor_covariance(values: list[list[float]]) -> Plant:
    return lambda store: _base(store).arrays.update(factor_covariance=np.array(values))
