"""Text in Windows-1252, as spreadsheets of Western Europe save it: read where it is plain, with a note that says so.

Numbers are the same in every encoding, but names are identities. So a byte above 0x7f is taken for a letter only where
languages of Western Europe have that letter, and not where Central European (cp1250), Cyrillic, Greek, Chinese or
Japanese text, or that of an old Mac, has the same byte.
"""

from __future__ import annotations

import codecs
import functools
import io
import re
from contextvars import ContextVar
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, ParamSpec, Protocol, TypeVar

from .plain_files import file_name

if TYPE_CHECKING:
    from collections.abc import Callable
    from dataclasses import Field
    from typing import ClassVar

MIXED = "UTF-8 and another encoding"
"""The reason of an error where a text has letters in two encodings."""

_DOUBTFUL = "neither UTF-8 nor plainly Windows-1252"

NOTE = "read as Windows-1252 (Western European), as it is not UTF-8"

_HIGH = r"\x80-\uffff"
"""Letters and signs that are not ASCII, as a range of a pattern."""

_BLOCK = 1 << 16
"""Bytes of a text that are read at once."""

_BEFORE = 64
"""Bytes before a first letter that are kept, to see what it stands beside."""

_SEQUENCE = rb"(?:[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3})"
_UTF8, _UTF8_ALONE = re.compile(_SEQUENCE), re.compile(_SEQUENCE + b"+")
_RUN = re.compile(rb"[\x80-\xff]+")
_THREE = re.compile(r"[^\x00-\x7f]{3}")

_QUOTES = r"(?<![^\W_])(?:“[^“”\r\n]{1,500}”|‘[^‘’\r\n]{1,500}’)(?![^\W_])"
"""Quotation marks around words; of an old Mac, they are ì, î, ë and í."""

_SIGNS = (
    rf"(?=[{_HIGH}])(?:"
    r"(?<=\d)’|(?<=[a-z]{4}s)’(?![a-z])|(?<=[a-z]{4})’(?=s(?![a-z]))"  # 5’, patients’, Crohn’s
    r"|(?:(?<=(?<![a-z])[cdjlmnst])|(?<=(?<![a-z])qu))’(?=[aehiouyàâéèêîôœ][a-z]{2}|un(?![a-z]))"  # l’âge, but not día
    rf"|(?<![a-z{_HIGH}])µ(?![{_HIGH}])"
    rf"|(?:(?<![a-z{_HIGH}])|(?<=\bn))°(?=[cfk](?![a-z])|[^a-z{_HIGH}]|$)"
    rf"|(?<=[a-z0-9)\]])²(?![a-z0-9{_HIGH}])"
    rf"|(?<![{_HIGH}])€(?![a-z{_HIGH}])"
    r"|(?<=\d)\xa0(?=\d{3}))"  # between thousands
)
"""Signs beside what they go with."""

_DASH = rf"(?=–)(?<![{_HIGH}])(?:(?<![a-z])–(?![a-z{_HIGH}])|(?<=[a-z])–(?![a-z{_HIGH}])|(?<=\d)–(?=[a-z]))"
"""An en dash, where no ñ of an old Mac may stand."""

_LETTERS = (
    rf"(?=[{_HIGH}])(?:(?<![{_HIGH}])(?:"
    + "|".join(
        [
            r"(?<=[a-z])[äöüéáíóúå]|[äöüéáíóúå](?=[a-z])",  # these are the same in Central Europe, but for å
            r"(?<=[aeiouy])ß(?![aiou])",
            r"(?<=[a-z])â(?=[a-z])|(?<![a-z])â(?=[gmnpt])",  # âge; in Greek β
            r"(?<=[aou])î(?=[a-z])|(?<![a-z])î(?=le)",
            r"ô(?=[a-z])|(?<=[aeiou])ë|ç(?=[aeiou])",
            r"(?<=[aeiou])ñ(?=[aeiou])",  # in Polish ń, before consonants and at the end
            r"(?<=[a-z])ã(?=os?(?![a-z])|es?(?![a-z]))|(?<=[a-z])õ(?=es?(?![a-z]))",  # in Romanian ă, in Hungarian ő
            r"(?<=[jlt])à(?![a-z])|(?<=[a-z0-9][ ._])à(?=[ ._][a-z0-9])",
            r"(?<=[bcdfghjklmnpqstvxz])è(?=[bcdfghlmnprstv]{1,3}e|[gq]u|s(?![a-z]))",  # gènes, après; in Czech č
            r"(?<=r)è(?=[bcdfghlmprstv]{1,3}e|[gq]u|s(?![a-z]))|(?<=[fh])è(?![a-z])|(?<=[iu])è(?=[cdglmrv][lr]?e)",
            r"(?<=[bfrtu])ê(?=te)|(?<=r)ê(?=ts?(?![a-z]))|(?<=n)ê(?=tre)|(?<![a-z])ê(?=tre)",  # in Polish ę
            r"(?<=[a-z])ê(?=me|nc[ie])|(?<=[gh])ê(?=ne)|(?<=[mr])ê(?=s(?![a-z]))",
            r"(?<=[aou])ï(?=[cdflqsv])|(?<=e)ï(?=[dn])",
            r"(?<=[bcdfghjklmnpqrstvxz])ò(?![a-z])",
            r"(?:(?<=[bdfghjklmnprstv])|(?<![a-z]))ø(?=[bdfghjklmnprstv])|(?<=s)ø(?![a-z])",  # in Czech ř
            r"(?:(?<=[bdfghjklmnprstv])æ|(?<![a-z])æ(?=[a-z]{2}))(?=[bdfghjklmnprstv])",  # in Croatian ć, of DOS µ
            r"(?<=o)û(?=t)|(?<=br)û(?=l)|(?<=s)û(?=re?s?(?![a-z]))|(?<=\bo)ù(?![a-z])|(?<=\bpi)ù(?![a-z])",
            r"(?<![a-z])œ(?=d|il|so|st|u)|(?<=[bcfmnsv])œ(?=u)|(?<=f)œ(?=t(?:al|us))",  # in Polish ś, of a Mac ú
        ]
    )
    + rf")(?![{_HIGH}])|[áéíóú]ñ(?=[aeiou])|(?<=[a-z])(?:[äöü]ß|éé|ää|öö|ñ[áéíóú]|çã(?=o)|çõ(?=e)))"
)
"""Small letters beside what they go with in languages of Western Europe."""

_LOWER, _UPPER = "[ß-öø-ÿœ]", "[À-ÖØ-ÞŒ]"
_CASES = (
    rf"{_LOWER}(?=[A-Z])|(?<=[a-z]){_UPPER}|(?<=[A-Z]){_UPPER}(?=[a-z])|{_UPPER}(?=[A-Z][a-z])"
    rf"|(?:(?<=[A-Z])(?!å)|(?<=[A-Z]{{2}})){_LOWER}(?![a-zß-ÿ])"
    rf"|{_LOWER}{_UPPER}|(?!Ç[ÃÕ]){_UPPER}[À-Öß-ðò-öø-ÿœ]"
)
"""Letters of another size than those beside them, as they come of another encoding: TNFá for TNFα, ÄCt for ΔCt."""


@functools.cache
def _compiled(pattern: str, flags: int = 0) -> re.Pattern[str]:
    """Return a pattern; these take a tenth of a second to compile, so only a text that needs them does so."""
    return re.compile(pattern, flags)


_western: ContextVar[dict[str, None] | None] = ContextVar("names of files read as Windows-1252", default=None)
"""The files that `note_western` is to name."""


class _Noted(Protocol):
    """A value that a reader returns."""

    __dataclass_fields__: ClassVar[dict[str, Field[Any]]]

    @property
    def notes(self) -> tuple[str, ...]: ...


P = ParamSpec("P")
T = TypeVar("T", bound=_Noted)


def note_western(*, as_sentence: bool = False) -> Callable[[Callable[P, T]], Callable[P, T]]:
    """Return a decorator of readers of a path, whose notes then say which files are read as Windows-1252.

    Those are all that pass `Western` meanwhile, but for those that a reader within notes itself.

    Parameters
    ----------
    as_sentence : bool
        Whether notes of the reader begin with the name of the file and end in a full stop.
    """

    def of_reader(reader: Callable[P, T]) -> Callable[P, T]:
        @functools.wraps(reader)
        def noting(*arguments: P.args, **options: P.kwargs) -> T:
            names: dict[str, None] = {}
            token = _western.set(names)
            try:
                value = reader(*arguments, **options)
            finally:
                _western.reset(token)
            if not names:
                return value
            of = [file_name(Path(path)) for path in arguments[:1] if isinstance(path, str | Path)]
            notes = (f"{name}: {NOTE}." if as_sentence else NOTE if name in of else f"{NOTE}: {name}" for name in names)
            return replace(value, notes=(*value.notes, *notes))

        return noting

    return of_reader


class Western(io.BufferedIOBase):
    """The bytes of a text in UTF-8: those of a file as they stand, or turned where they are plainly Windows-1252.

    Parameters
    ----------
    path : Path
        The file.
    source : BufferedIOBase
        Its bytes, unpacked.

    Raises
    ------
    UnicodeDecodeError
        While reading, at a byte that is neither; for the reason `MIXED` where the text has letters of both.
    """

    def __init__(self, path: Path, source: io.BufferedIOBase) -> None:
        super().__init__()
        self._path = path
        self._source = source
        self._has_utf8 = False
        self._is_western = False
        self._before = b""
        self._held = bytearray()  # part of a letter in UTF-8, or of a line in Windows-1252

    @property
    def name(self) -> str:
        """The name of the file."""
        return file_name(self._path)

    def readable(self) -> bool:
        """Return that it can be read."""
        return True

    def read1(self, _size: int = -1, /) -> bytes:
        """Return the next bytes, however many are asked for; none at the end."""
        while True:
            block = self._source.read1(_BLOCK)
            if not self._held and block.isascii():
                self._before = block[-_BEFORE:]
                return block
            if (text := self._turned(block)) or not block:
                return text

    def read(self, _size: int | None = -1, /) -> bytes:
        """Return all bytes that are left."""
        return b"".join(iter(self.read1, b""))

    def _turned(self, block: bytes) -> bytes:
        """Return what is known to be text of the bytes held and those of a block, an empty one at the end."""
        if self._is_western:
            return self._whole_lines(block, block)
        data = bytes(self._held) + block
        try:
            _, size = codecs.utf_8_decode(data, "strict", not block)
        except UnicodeDecodeError as error:
            if self._has_utf8:
                _refuse(data[error.start], MIXED)
            self._is_western = True
            self._held.clear()
            return self._whole_lines(data, block)
        text, self._held = data[:size], bytearray(data[size:])
        self._has_utf8 = self._has_utf8 or not text.isascii()
        self._before = text[-_BEFORE:] or self._before
        return text

    def _whole_lines(self, data: bytes, block: bytes) -> bytes:
        end = max(data.rfind(b"\n"), data.rfind(b"\r")) + 1 if block else len(data)
        if block and not end:
            self._held += data
            return b""
        lines = bytes(self._held) + data[:end]
        self._held = bytearray(data[end:])
        if not lines.isascii():
            lines = from_western(lines, self._before).encode()
            if (names := _western.get()) is not None:
                names[self.name] = None
        self._before = b""
        return lines


def from_western(data: bytes, before: bytes = b"") -> str:
    """Return text in Windows-1252.

    Parameters
    ----------
    data : bytes
        Whole lines, or what follows others in a first one.
    before : bytes
        Those, in ASCII.

    Raises
    ------
    UnicodeDecodeError
        A byte stands for no letter there, or not plainly; or some bytes are letters in UTF-8.
    """
    if match := _UTF8.search(data):
        is_mixed = any(map(_UTF8_ALONE.fullmatch, _RUN.findall(data)))
        _refuse(data[match.start()], MIXED if is_mixed else _DOUBTFUL)
    text = data.decode("cp1252")
    fields = (field for field in _fields(before.decode("ascii") + text) if not field.isascii())
    for field in dict.fromkeys(fields):
        if letter := _doubtful(field):
            _refuse(letter.encode("cp1252")[0], _DOUBTFUL)
    return text


def _fields(text: str) -> list[str]:
    """Return the parts of a text between line ends and delimiters, without quotation marks around words."""
    if "“" in text or "‘" in text:
        text = _compiled(_QUOTES).sub(_without_signs, text)
    for mark in "\r\n,;|":
        text = text.replace(mark, "\t")
    return text.split("\t")


def _doubtful(field: str) -> str:
    """Return the first letter or sign of a field that may be another in another encoding; empty where there is none."""
    if match := _THREE.search(field):
        return match[0][0]
    field = _compiled(_DASH).sub("-", _compiled(_SIGNS, re.IGNORECASE).sub(_without_signs, field))
    if match := _compiled(_CASES).search(field):
        return match[0]
    return next((letter for letter in _compiled(_LETTERS).sub("", field.lower()) if not letter.isascii()), "")


def _without_signs(match: re.Match[str]) -> str:
    """Return ASCII for the signs of a match."""
    return match[0].translate(_PLAIN)


_PLAIN = str.maketrans("“”‘’µ°²€\xa0", "\"\"''     ")
"""Signs in ASCII, for what stands beside them."""


def _refuse(byte: int, reason: str) -> NoReturn:
    raise UnicodeDecodeError("utf-8", bytes([byte]), 0, 1, reason)
