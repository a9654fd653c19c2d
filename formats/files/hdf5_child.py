# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportMissingTypeStubs=false, reportUnknownParameterType=false
# (h5py ships no types)
"""The program of the reading process: h5py reads one HDF5 file as its makers meant, on request and within limits.

`hdf5_process.py` runs it as a script, so it imports nothing of this project. A request is a line of JSON with the
seconds and the bytes of memory that it may take; the reply is a line of JSON too. Arrays go to a file that both
processes have open. Whatever goes wrong in HDF5 ends this process at most.
"""

from __future__ import annotations

import contextlib
import ctypes
import importlib
import json
import math
import resource
import signal
import sys
from typing import IO, TYPE_CHECKING, Any, BinaryIO

import h5py
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

BLOCK = 16 << 20
"""Bytes of an array that are read at a time; at least one row of its chunks is."""

CHUNK_CACHE = 32 << 20
"""Bytes of unpacked chunks that HDF5 keeps, so that none within `hdf5_members.LARGEST_CHUNK` is unpacked twice."""

NAMES_A_BLOCK = 1024
"""Texts that are read at a time: a hostile file may claim that each of them is as long as the file."""

MOST_MEMBERS = 100_000
"""Most members of a group that are listed."""

LONGEST_ATTRIBUTE = 64
"""Most values of an attribute that are read; what AnnData, loom and 10x write has three at most."""

FILTERS = {
    4: "szip", 307: "bzip2", 32000: "lzf", 32001: "blosc", 32004: "lz4", 32008: "bitshuffle", 32013: "zfp",
    32015: "zstd", 32017: "sz", 32026: "blosc2", 32028: "jpeg-ls",
}  # fmt: skip
"""The names of filters that the HDF Group has registered."""

PR_SET_PDEATHSIG = 1
"""The option of Linux's `prctl` that names the signal that a process gets when its parent dies."""


def serve(path: str, requests: Iterable[bytes], replies: IO[bytes], arrays: BinaryIO) -> None:
    """Answer requests about a file until there are no more.

    Parameters
    ----------
    path : str
        The HDF5 file.
    requests : iterable of bytes
        JSON objects: `step`, a key of `STEPS`; `names`, the location in the file; `seconds` and `memory`, the limits;
        and the arguments of the step.
    replies : binary file
        Gets a line of JSON for each request: what the step returns, or `{"error": sentence}`.
    arrays : binary file
        Gets the values of arrays.
    """
    highest = resource.getrlimit(resource.RLIMIT_AS)[0]
    file = None
    for line in requests:
        request = json.loads(line)
        step = STEPS[request.pop("step")]
        signal.alarm(request.pop("seconds"))  # nobody handles the signal, so it ends a call of HDF5 too
        _limit_addresses(request.pop("memory"), highest)
        try:
            if file is None:
                file = h5py.File(path, "r", locking=False, rdcc_nbytes=CHUNK_CACHE)
            reply = json.dumps(step(_locate(file, request.pop("names")), arrays, **request), default=_decode)
        except Exception as error:  # noqa: BLE001  whatever h5py raises is the file's fault, and the parent says so
            reason = error.args[0] if isinstance(error, KeyError) and error.args else error
            reply = json.dumps({"error": str(reason) or type(error).__name__})
        replies.write(reply.encode() + b"\n")
        replies.flush()
        signal.alarm(0)


def _limit_addresses(memory: int, highest: int) -> None:
    """Let this process take so much more memory than it has now, where the system says how much that is."""
    with contextlib.suppress(OSError, ValueError), open("/proc/self/statm", "rb") as status:  # noqa: PTH123
        limit = int(status.read().split()[0]) * resource.getpagesize() + memory
        if highest != resource.RLIM_INFINITY:
            limit = min(limit, highest)
        resource.setrlimit(resource.RLIMIT_AS, (limit, highest))


def _locate(file: h5py.File, names: list[str]) -> Any:
    """Return the object at a location, a link that stands in the way, or None; links are never followed."""
    node: Any = file
    for name in names:
        link = node.get(name, getlink=True) if isinstance(node, h5py.Group) else None
        if not isinstance(link, h5py.HardLink):
            return link
        node = node[name]
    return node


def _describe(node: Any, _: BinaryIO) -> dict[str, Any]:
    if isinstance(node, h5py.Group):
        if len(node) > MOST_MEMBERS:
            raise ValueError(f"it is a group of {len(node):,} members")
        return {"kind": "Group", "members": [str(name) for name in node]}
    if not isinstance(node, h5py.Dataset):
        return {"kind": type(node).__name__}
    if node.is_virtual or node.external:  # before the shape: for that of a virtual dataset HDF5 may open other files
        return {"kind": "Dataset", "elsewhere": True}
    fields = [[name, node.dtype[name].str] for name in node.dtype.names or ()]
    text = h5py.check_string_dtype(node.dtype)
    return {
        "kind": "Dataset",
        "shape": node.shape,
        "dtype": node.dtype.str,
        "fields": fields,
        "text": text is not None and text.length is None,
        "width": node.id.get_type().get_size(),
        "stored": node.id.get_storage_size(),
        "chunks": node.chunks,
        "unknown_filters": _unknown_filters(node),
    }


def _unknown_filters(node: Any) -> list[str]:
    """Return the filters of an array that HDF5 does not have, after a look for the package that brings most of them."""
    plan = node.id.get_create_plist()
    filters = [plan.get_filter(number)[0] for number in range(plan.get_nfilters())]
    if not all(map(h5py.h5z.filter_avail, filters)):
        with contextlib.suppress(ImportError):
            importlib.import_module("hdf5plugin")
    return [FILTERS.get(number, str(number)) for number in filters if not h5py.h5z.filter_avail(number)]


def _attribute(node: Any, _: BinaryIO, *, attribute: str) -> dict[str, Any]:
    if attribute not in node.attrs:
        return {"value": None}
    length = math.prod(node.attrs.get_id(attribute).shape)
    if length > LONGEST_ATTRIBUTE:
        raise ValueError(f"its attribute {attribute} is a list of {length:,} values")
    value = node.attrs[attribute]
    return {"value": None if isinstance(value, h5py.Empty) else np.asarray(value).tolist()}


def _read(node: Any, arrays: BinaryIO, *, offset: int, field: str | None) -> dict[str, Any]:
    """Write the values of an array, or of one field of its records, in the order of C."""
    values = node if field is None else node.fields(field)
    arrays.seek(offset)
    arrays.writelines(np.ascontiguousarray(values[block]).data for block in _blocks(node))
    arrays.flush()
    return {"end": arrays.tell()}


def _read_slab(node: Any, arrays: BinaryIO, *, offset: int, axis: int, start: int, stop: int) -> dict[str, Any]:
    """Write a part of an array, from one position of an axis to another, in the order of C."""
    arrays.seek(offset)
    arrays.write(np.ascontiguousarray(node[(slice(None),) * axis + (slice(start, stop),)]).data)
    arrays.flush()
    return {"end": arrays.tell()}


def _blocks(node: Any) -> Iterator[tuple[slice, ...]]:
    """Yield slices of an array along its first axis, each of whole rows of chunks."""
    if not node.shape:
        yield ()
        return
    height = node.chunks[0] if node.chunks else 1
    row = max(1, node.dtype.itemsize * math.prod(node.shape[1:]))
    rows = max(1, BLOCK // (row * height)) * height
    for start in range(0, node.shape[0], rows):
        yield (slice(start, start + rows),)


def _read_texts(node: Any, arrays: BinaryIO, *, offset: int, longest: int, most: int) -> dict[str, Any]:
    """Write the texts of a list, each with a NUL behind it, which no such text has in it."""
    arrays.seek(offset)
    for start in range(0, node.shape[0], NAMES_A_BLOCK):
        texts = node[start : start + NAMES_A_BLOCK].tolist()
        if (length := max(map(len, texts))) > longest:
            raise ValueError(f"it holds a text of {length:,} bytes, longer than any name")
        arrays.write(b"".join(text + b"\0" for text in texts))
        if arrays.tell() - offset > most:
            raise ValueError(f"its texts take more than {most:,} bytes together, more than the file holds")
    arrays.flush()
    return {"end": arrays.tell()}


STEPS = {
    "describe": _describe,
    "attribute": _attribute,
    "read": _read,
    "read_slab": _read_slab,
    "read_texts": _read_texts,
}
"""What can be requested: each takes an object of the file, the file for arrays and its own arguments."""


def _decode(value: object) -> str:
    """Return text for JSON."""
    if isinstance(value, bytes):
        return value.decode()
    raise TypeError(f"it holds a {type(value).__name__}")


def main() -> None:
    """Serve the parent, on the pipes that it gave, and end with it."""
    if sys.platform == "linux":  # elsewhere the pipe ends with the parent, and a call of HDF5 at its alarm
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    path, descriptor = sys.argv[1:]
    with open(int(descriptor), "wb") as arrays:  # noqa: PTH123  a descriptor has no path
        serve(path, sys.stdin.buffer, sys.stdout.buffer, arrays)


if __name__ == "__main__":
    main()
