"""The names of a panel, packed: found by their hashes, and made into Python texts only where they are shown.

A million names are a million objects and a dictionary as Python texts, 150 MB; packed they are as many bytes as they
have letters. A name is looked up by 64 bits of a hash in a sorted table, and compared letter by letter then.
"""

from __future__ import annotations

import operator
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, cast, overload

import numpy as np

from ..errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

AT_ONCE = 1 << 16
"""Number of names that are hashed, checked or made into texts at once."""

LOOKUPS = 16
"""A dictionary of all names is made once as many have been looked up as one in so many of the panel."""

LETTERS = "-.:_0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
"""Letters that names of genes are mostly made of, which are tried where one may be misspelt."""

FACTOR = np.uint64(0x9E3779B97F4A7C15)
SHIFT = np.uint64(29)


class GeneNames(Sequence[str]):
    """The p unique names of a panel, a sequence of texts.

    Parameters
    ----------
    packed : ndarray of bytes, shape (p,)
        Fixed-length UTF-8; kept, and not copied.
    texts : tuple of str, optional
        The same names as texts, where they are at hand.

    Raises
    ------
    InputError
        A name is empty, occurs twice or cannot be printed, or there are fewer than two.
    UnicodeDecodeError
        One is not UTF-8.

    Examples
    --------
    >>> names = GeneNames.of(("TP53", "MDM2", "CDKN1A"))
    >>> names.find("MDM2"), names.find("mdm2"), names[2], len(names)
    (1, None, 'CDKN1A', 3)
    """

    __slots__ = ("_hashes", "_index", "_lookups", "_order", "_packed", "_texts")

    def __init__(self, packed: NDArray[np.bytes_], texts: tuple[str, ...] | None = None) -> None:
        if len(packed) < 2:
            raise InputError(f"A panel needs at least two genes; this one has {len(packed)}.")
        self._packed, self._texts = packed, texts
        self._index: dict[str, int] | None = None
        self._lookups = 0
        if texts is None:
            _check_letters(packed)
        hashes = np.concatenate([_hashes(packed[start : start + AT_ONCE]) for start in range(0, len(packed), AT_ONCE)])
        self._order = np.argsort(hashes)
        self._hashes = hashes[self._order]
        self._check_unique()

    @classmethod
    def of(cls, genes: Sequence[str]) -> GeneNames:
        """Return names that are texts so far; raises as the constructor."""
        if isinstance(genes, GeneNames):
            return genes
        texts = tuple(genes)
        _check_texts(texts)
        return cls(np.array([text.encode() for text in texts], dtype=np.bytes_), texts)

    @property
    def packed(self) -> NDArray[np.bytes_]:
        """The names as fixed-length UTF-8, shape (p,)."""
        return self._packed

    def __len__(self) -> int:
        return len(self._packed)

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[str, ...]: ...
    def __getitem__(self, index: int | slice) -> str | tuple[str, ...]:
        if self._texts is not None:
            return self._texts[index]
        if isinstance(index, slice):
            return tuple(_texts(self._packed[index]))
        return bytes(self._packed[index]).decode()

    def __iter__(self) -> Iterator[str]:
        if self._texts is not None:
            yield from self._texts
            return
        for start in range(0, len(self), AT_ONCE):
            yield from _texts(self._packed[start : start + AT_ONCE])

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and self.find(name) is not None

    def __eq__(self, other: object) -> bool:
        if isinstance(other, GeneNames):
            return self is other or np.array_equal(self._packed, other._packed)
        if isinstance(other, tuple):
            names = cast("tuple[Any, ...]", other)
            return len(self) == len(names) and all(map(operator.eq, self, names))
        return NotImplemented

    def __hash__(self) -> int:
        return hash(tuple(self))

    def __repr__(self) -> str:
        shown = ", ".join(map(repr, self[:3]))
        return f"<{len(self):,} names: {shown}{', …' if len(self) > 3 else ''}>"

    def index(self, value: Any, start: int = 0, stop: int | None = None) -> int:
        """Return the position of a name; raises `ValueError` where it is not there."""
        position = self.find(value) if isinstance(value, str) else None
        if position is None or not start <= position < (len(self) if stop is None else stop):
            raise ValueError(f"{value!r} is not a name of the panel")
        return position

    def find(self, name: str) -> int | None:
        """Return the position of a name, or `None`: in O(log p), and in O(1) once many have been looked up."""
        if self._index is not None:
            return self._index.get(name)
        self._lookups += 1
        if self._lookups * LOOKUPS > len(self):
            self._index = {text: position for position, text in enumerate(self)}
            return self._index.get(name)
        return self._search(name)

    def _search(self, name: str) -> int | None:
        """Return the position of a name by its hash."""
        letters = name.encode(errors="surrogatepass")
        if len(letters) > self._packed.dtype.itemsize:
            return None
        wanted = _hashes(np.array([letters], dtype=self._packed.dtype))
        place = int(np.searchsorted(self._hashes, wanted)[0])
        while place < len(self) and self._hashes[place] == wanted[0]:
            if bytes(self._packed[self._order[place]]) == letters:
                return int(self._order[place])
            place += 1
        return None

    def texts(self, positions: NDArray[np.intp]) -> list[str]:
        """Return the names at positions."""
        if self._texts is not None:
            return [self._texts[position] for position in positions.tolist()]
        return _texts(self._packed[positions])

    def starting_with(self, start: str) -> NDArray[np.intp]:
        """Return the positions of the names that start with some letters, ascending."""
        return np.flatnonzero(np.char.startswith(self._packed, start.encode()))

    def in_any_case(self, names: Iterable[str]) -> dict[str, str]:
        """Return the names of the panel that are some names but for upper and lower case, by the case-folded name."""
        wanted = {name.casefold() for name in names}
        letters = [text.encode(errors="surrogatepass") for text in wanted]
        fitting = [text for text in letters if len(text) <= self._packed.dtype.itemsize]
        hashes = _hashes(np.array(fitting, dtype=self._packed.dtype))
        alike: dict[str, str] = {}
        for start in range(0, len(self), AT_ONCE) if wanted else ():
            part = np.ascontiguousarray(self._packed[start : start + AT_ONCE])
            may_be = np.isin(_hashes(np.char.lower(part)), hashes)
            may_be |= (part.view(np.uint8).reshape(len(part), -1) >= 0x80).any(axis=1)  # more than ASCII is folded too
            alike |= {folded: text for text in _texts(part[may_be]) if (folded := text.casefold()) in wanted}
        return alike

    def one_edit_away(self, name: str) -> list[str]:
        """Return the names of the panel that one letter more, less, other, or exchanged with the next, makes of a name.

        Found by their hashes, in O(letters of the name) look-ups: comparing a name with a million others takes long.
        """
        letters = sorted({*LETTERS, *name})
        cuts = [(name[:place], name[place:]) for place in range(len(name) + 1)]
        spellings = [head + tail[1:] for head, tail in cuts if tail]
        spellings += [head + tail[1] + tail[0] + tail[2:] for head, tail in cuts if len(tail) > 1]
        spellings += [head + letter + tail[skip:] for head, tail in cuts for letter in letters for skip in (0, 1)]
        known = {spelling: position for spelling in spellings if (position := self._search(spelling)) is not None}
        return [self[position] for spelling, position in sorted(known.items()) if spelling != name]

    def _check_unique(self) -> None:
        """Refuse names that occur more than once; names of equal hashes are compared by their letters."""
        alike = np.flatnonzero(self._hashes[1:] == self._hashes[:-1])
        if not len(alike):
            return
        places = np.unique(self._order[np.concatenate([alike, alike + 1])])
        names, counts = np.unique(self._packed[places], return_counts=True)
        if twice := _texts(names[counts > 1]):
            some = ", ".join(sorted(twice)[:5])
            raise InputError(f"{len(twice)} gene names of the panel occur more than once, among them {some}.")


def _texts(packed: NDArray[np.bytes_]) -> list[str]:
    return [bytes(name).decode() for name in packed.tolist()]


def _check_texts(texts: tuple[str, ...]) -> None:
    """Refuse names that are empty or cannot be printed."""
    if "" in texts:
        raise InputError("A gene of the panel has an empty name.")
    unprintable = next((text for text in texts if not text.isprintable()), None)
    if unprintable is not None:
        raise InputError(f"The gene name {unprintable!r} holds a character that cannot be printed.")


def _check_letters(packed: NDArray[np.bytes_]) -> None:
    """Refuse packed names that are empty or cannot be printed; those of printable ASCII are seen to be so at once."""
    width = packed.dtype.itemsize
    for start in range(0, len(packed), AT_ONCE):
        part = np.ascontiguousarray(packed[start : start + AT_ONCE])
        letters = part.view(np.uint8).reshape(-1, width)
        strange = (letters - 1 < 0x1F) | (letters >= 0x7F)  # a null byte, less 1, is 255
        strange[:, 0] |= letters[:, 0] == 0
        strange[:, 1:] |= (letters[:, :-1] == 0) & (letters[:, 1:] != 0)
        if strange.any():
            _check_texts(tuple(_texts(part[strange.any(axis=1)])))


def _hashes(packed: NDArray[np.bytes_]) -> NDArray[np.uint64]:
    """Return 64 bits of a hash of each name, which null bytes at its end do not change."""
    words = max(1, -(-packed.dtype.itemsize // 8))
    letters = packed.astype(f"S{8 * words}").view("<u8").reshape(-1, words)
    values = np.zeros(len(packed), dtype=np.uint64)
    for word in letters.T:
        values ^= word
        values *= FACTOR
        values ^= values >> SHIFT
    return values
