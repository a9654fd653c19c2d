"""Every name in the store, and the canonical bytes that its ids are hashes of. `docs/format.md` describes them."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    import numpy as np
    from numpy.typing import NDArray

FORMAT_VERSION = 1
FORMAT_FILE = "FORMAT"
FORMAT_TEXT = f"grnledger store {FORMAT_VERSION}\n"
SHARED_FILE = "SHARED"
SHARED_TEXT = "grnledger shared {}\n"
"""What the file SHARED holds: who may use the store, `no`, `group` or `all`."""

BACKUP_FILE = "BACKUP"
"""In a folder that is the backup of a store: what it was made of, and when it was last whole."""
ASIDE = "aside"
"""The folder for files that stood in a store and are none of its."""

SUFFIX = ".grn"
LOG = "log"
PACKS = "packs"
BASES = "base"
ARTIFACTS = "artifacts"
KEPT = (LOG, PACKS, BASES, ARTIFACTS)
"""The folders of what a store keeps, and that is not derived from the rest."""
CACHE = "cache"
ANCHORS = "anchors"
HISTORY = "history"
LAST_ENTRY = "last"
PANEL = "panel"
NUMBERS = "numbers"
OLD_CACHE = ("index.h5", "names")
"""Files of the cache that earlier versions wrote; nothing reads them."""
LOCK = "lock"
ENTRY_DIGITS = 10
HASH = 64
"""Hexadecimal digits of an id."""
HEX = "0123456789abcdef"
FILE_ENDING = ".h5"
TEMPORARY_ENDING = ".tmp"
PART_BYTES = 1 << 20
"""About how many bytes of names are made canonical at once."""
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
    return int(name[:ENTRY_DIGITS]) if entry_names([name]) else None


def entry_names(names: Iterable[str]) -> list[str]:
    """Return those of some file names that are of log entries; there may be ten thousand."""
    length, end = ENTRY_DIGITS + len(FILE_ENDING), ENTRY_DIGITS
    likely = [name for name in names if len(name) == length and name.endswith(FILE_ENDING)]
    if not _are_digits("".join([name[:end] for name in likely])):
        likely = [name for name in likely if _are_digits(name[:end])]
    none = entry_name(0)
    return [name for name in likely if name != none] if none in likely else likely


def _are_digits(text: str) -> bool:
    return text.isascii() and text.isdecimal()


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
    import json  # not where names alone are read

    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def canonical_bytes(array: NDArray[Any]) -> bytes:
    """Return an array's values in C order, little-endian; names as UTF-8, each ended by a newline."""
    return b"".join(canonical_parts(array))


def canonical_parts(array: NDArray[Any]) -> Iterator[memoryview]:
    """Yield the canonical bytes of an array in parts, without a second copy of all of them."""
    import numpy as np  # not where the log alone is read

    if array.dtype.kind != "S":
        values = np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("<"))
        if values.size:
            yield values.ravel().view(np.uint8).data
        return
    names, width = array.ravel(), array.dtype.itemsize
    step = max(1, PART_BYTES // (width + 1))
    for start in range(0, len(names), step):
        part = np.ascontiguousarray(names[start : start + step])
        lengths = np.char.str_len(part)  # up to the null bytes that fill a name up
        ended = np.empty((len(part), width + 1), dtype=np.uint8)
        ended[:, :width] = part.view(np.uint8).reshape(-1, width)
        ended[np.arange(len(part)), lengths] = ord("\n")
        yield ended[np.arange(width + 1) <= lengths[:, np.newaxis]].data


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
        for part in canonical_parts(arrays[name]):
            digest.update(part)
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
