"""Every name in the store, and the canonical bytes that its ids are hashes of. `docs/format.md` describes them."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import numpy as np
    from numpy.typing import NDArray

FORMAT_VERSION = 1
FORMAT_FILE = "FORMAT"
FORMAT_TEXT = f"grnledger store {FORMAT_VERSION}\n"
SHARED_FILE = "SHARED"
SHARED_TEXT = "grnledger shared {}\n"
"""What the file SHARED holds: who may use the store, `no`, `group` or `all`."""

SUFFIX = ".grn"
LOG = "log"
PACKS = "packs"
BASES = "base"
ARTIFACTS = "artifacts"
CACHE = "cache"
ANCHORS = "anchors"
HISTORY = "history"
LAST_ENTRY = "last"
PANEL = "panel"
OLD_CACHE = ("index.h5", "names")
"""Files of the cache that earlier versions wrote; nothing reads them."""
LOCK = "lock"
ENTRY_DIGITS = 10
HASH = 64
"""Hexadecimal digits of an id."""
HEX = "0123456789abcdef"
FILE_ENDING = ".h5"
TEMPORARY_ENDING = ".tmp"
LONGEST_PACK = 4_096
"""Most entries in a pack: what its name claims must not cost more than the file does."""

HEAD = "HEAD"
BRANCH = "branch/"
TAG = "tag/"
FIRST_BRANCH = "main"

ENTRY = "entry"
PACK = "pack"
STORE = "store"
BASE = "base"
ANCHOR = "anchor"
ARTIFACT = "artifact"

# In every file: attributes `kind` and `id` of the root, and the dataset `record`, a JSON text.
KIND = "kind"
ID = "id"
RECORD = "record"
# In a pack or an exported store, which hold many such files as groups: the format, as in FORMAT.
FORMAT = "format"
# Beside a bulk dataset stand its rows' checksums; its own attribute holds the hash of all its bytes.
CHECKSUMS = "_crc32"
SHA256 = "sha256"

# In an entry: the pathways of its commits one after another, in the order of the record.
GENES = "genes"
LOADINGS = "loadings"
PATHWAY_COVARIANCE = "pathway_covariance"

# In a base or an anchor.
SAMPLES = "samples"
NOISE = "noise"
FACTOR_COVARIANCE = "factor_covariance"
COVARIANCE = "covariance"
PRECISION = "precision"
VARIANCES = "variances"
PRECISION_DIAGONAL = "precision_diagonal"
EXPRESSION = "expression"
SAMPLE_GROUPS = "sample_groups"
SAMPLE_CATEGORIES = "sample_categories"
COVARIATES = "covariates"
COVARIATE_NAMES = "covariate_names"
LEFT_OUT = "left_out"
LEFT_OUT_FOR = "left_out_for"
LEFT_OUT_REASONS = "left_out_reasons"

# In an artifact of the kind `nmf`, beside GENES and SAMPLES.
NMF = "nmf"
TABLE = "table"
MODULES = "modules"
USAGE = "usage"
TRACE = "trace"
STABILITY = "stability"
SECOND = "second"
SECOND_Q = "second_q"
SECOND_ERROR = "second_error"
RANKS = "ranks"
SURVEY = "survey"

# In an artifact of the kind `chance`: numbers of pairs by strength, of a base's samples and of independent genes.
CHANCE = "chance"
OBSERVED = "observed"
NULL = "null"

# In an artifact of the kind `kernel`: the eigenvectors of a version on a dense base.
KERNEL = "kernel"
PLACES = "places"
VECTORS = "vectors"
VALUES = "values"


def entry_name(number: int) -> str:
    """Return the file name of a log entry."""
    return f"{number:0{ENTRY_DIGITS}d}{FILE_ENDING}"


def entry_number(name: str) -> int | None:
    """Return the number of the log entry that a file name is of, or `None`."""
    return next(iter(entry_numbers([name])), None)


def entry_numbers(names: Iterable[str]) -> list[int]:
    """Return the numbers of the log entries that file names are of, without those that are of none."""
    length, end = ENTRY_DIGITS + len(FILE_ENDING), ENTRY_DIGITS  # no pattern: there may be ten thousand
    digits = [name[:end] for name in names if len(name) == length and name[end:] == FILE_ENDING]
    return [number for number in (int(text) for text in digits if text.isdecimal() and text.isascii()) if number]


def pack_name(first: int, last: int) -> str:
    """Return the file name of a pack of log entries."""
    return f"{first:0{ENTRY_DIGITS}d}-{last:0{ENTRY_DIGITS}d}{FILE_ENDING}"


def pack_range(name: str) -> tuple[int, int] | None:
    """Return the first and last number of the log entries of a pack, by its file name, or `None`."""
    first, _, last = name.removesuffix(FILE_ENDING).partition("-")
    start, end = entry_number(first + FILE_ENDING), entry_number(last + FILE_ENDING)
    if start is None or end is None or not start <= end < start + LONGEST_PACK or name != pack_name(start, end):
        return None
    return start, end


def canonical_json(value: Mapping[str, Any]) -> str:
    """Return the one JSON text of a record: keys sorted, no spaces, UTF-8 unescaped, no NaN."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def canonical_bytes(array: NDArray[Any]) -> bytes:
    """Return an array's values in C order, little-endian; names as UTF-8, each ended by a newline."""
    if array.dtype.kind == "S":
        return b"".join(bytes(name) + b"\n" for name in array.tolist())
    import numpy as np  # not where names alone are read, as completion does

    return np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("<")).tobytes()


def canonical_type(array: NDArray[Any]) -> str:
    """Return how an array's type and shape stand in the hash: `<f8 (500, 48)`; `name (500,)` for names."""
    kind = "name" if array.dtype.kind == "S" else array.dtype.newbyteorder("<").str
    return f"{kind} {array.shape}"


def content_id(
    kind: str,
    record: str,
    arrays: Mapping[str, NDArray[Any]],
    bulk: Mapping[str, tuple[str, str, NDArray[np.uint32]]],
) -> str:
    """Return the SHA-256, in hex, of a file's logical content.

    Parameters
    ----------
    kind : str
        What the file is.
    record : str
        Its record as canonical JSON.
    arrays : mapping of str to ndarray
        Small arrays, hashed whole.
    bulk : mapping of str to (type, sha256, checksums)
        Large arrays, which stand in the hash by their own SHA-256 and their rows' CRC-32.
    """
    digest = hashlib.sha256(f"grnledger {FORMAT_VERSION} {kind}\n{len(record.encode())}\n{record}\n".encode())
    for name in sorted(arrays):
        digest.update(f"{name} {canonical_type(arrays[name])}\n".encode())
        digest.update(canonical_bytes(arrays[name]))
    for name in sorted(bulk):
        type_, sha256, checksums = bulk[name]
        digest.update(f"{name} {type_} bulk {sha256}\n".encode())
        digest.update(canonical_bytes(checksums))
    return digest.hexdigest()


def artifact_key(kind: str, content: str, parameters: Mapping[str, Any]) -> str:
    """Return the key of an analysis: the hash of what it is of, and how it was made."""
    request = canonical_json({"kind": kind, "content": content, "parameters": dict(parameters)})
    return hashlib.sha256(f"grnledger {FORMAT_VERSION} key\n{request}".encode()).hexdigest()


def penalised_base_id(base: str, penalty: float) -> str:
    """Return the id under which a base with τ times its variances added is kept in the cache."""
    return hashlib.sha256(f"grnledger {FORMAT_VERSION} penalised base\n{base}\n{penalty!r}".encode()).hexdigest()


def version_content_id(base: str, pathways: Iterable[str]) -> str:
    """Return the content id of a version: of its base and the set of its active pathways, whatever its history."""
    return hashlib.sha256(
        "\n".join([f"grnledger {FORMAT_VERSION} version", base, *sorted(pathways)]).encode()
    ).hexdigest()
