"""Signs of regulation: the words, numbers and arrows in which tables say that a regulator activates or represses."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ...engine.wording import counted
from ..tables.fields import is_missing, is_number
from .titles import SIGN_TITLES, title_key, without_accents

if TYPE_CHECKING:
    from collections.abc import Iterable

FLAG_TITLES = (
    ("is_stimulation", "is_inhibition"),
    ("consensus_stimulation", "consensus_inhibition"),
    ("stimulation", "inhibition"),
    ("activation", "repression"),
    ("is_activation", "is_repression"),
)
"""Pairs of columns, one for each sign, as OmniPath has them."""

_OF_EXPRESSION = r"( (of )?(the )?(gene )?(expression|transcription))?"
_PLUS = re.compile(
    r"\+1?(\.0+)?|1(\.0+)?|(trans)?a[ckt]?tiv(a|ier)\w*"
    + _OF_EXPRESSION
    + r"|(stimul(at|ier)|estimul|induc|indu[zi][ist]|enhanc|increas|"
    r"promot|promuev|foerder|forder)\w*" + _OF_EXPRESSION + r"|expression|positiv[aeo]?|pos(itive)?(ly)?( regulat\w+)?|"
    r"up(-?regulat\w*)?( .*)?|hoch(reguliert)?|-+>|[→↑↗▲⬆]|a|act|"
    r"(转录)?(激活|活化|促进|上调|诱导)|活性化|促進|актив\w*",
    re.IGNORECASE,
)
_MINUS = re.compile(
    r"[-−–]1(\.0+)?|((trans)?repres(s|or|ion|iv)|reprim|inhib|inib|hemm|suppress|supprim|suprim|silenc|decreas|reduc|reduz|"
    r"block|blo(qu|cc))\w*"
    + _OF_EXPRESSION
    + r"|negativ[aeo]?|neg(ative)?(ly)?( regulat\w+)?|down(-?regulat\w*)?( .*)?|"
    r"runter(reguliert)?|dn|-+\||[⊣↓↘▼⬇]|r|rep|inh|(转录)?(抑制|阻遏|下调)|(ингиб|подавл|репресс)\w*",
    re.IGNORECASE,
)
_UNKNOWN = re.compile(
    r"0(\.0+)?|\?|unknown|undefined|unspecified|undetermined|ambiguous|both|dual|mixed|(form )?complex|binding|unk|u|"
    r"not (known|available)|default activation|[+]/?[-−–]|[-−–]/?[+]|[±∓]",
    re.IGNORECASE,
)
_BRACKETED = re.compile(r"\w+([ _-]\w+)?\s*\(\s*((In|Out)\s*:\s*)?(?P<word>[^():]+?)(\s+of\s+\w+)?\s*\)", re.IGNORECASE)
"""What an edge is, and in brackets what it does: graphite's `Process(repression)`, `Control(In: ACTIVATION of …)`."""

_DASHES = frozenset("-−–")
_DASH = re.compile(r"(?:^|(?<=[;|,]))\s*[-−–]\s*(?=$|[;|,])")
"""A dash alone, or as one of several parts: a minus, or nothing."""

_PLUS_MARK = re.compile(r"\+1?(\.0+)?|1(\.0+)?")
_MINUS_MARK = re.compile(r"[-−–]1(\.0+)?")

_RELATION = re.compile(
    r"p[pdrm]|r[cp]|c[cr]|gl|mp|interacts?([- _]with)?|controls?-.*|in-complex-with|catalysis-precedes|neighbor-of|"
    r"chemical-affects|(consumption|used|reacts)-.*|regulates?|binds?( to)?|tf-target|transcription(al)?",
    re.IGNORECASE,
)
"""Words for edges that say nothing of a sign."""

_BOTH = re.compile(r"both|dual|mixed|[+]/?[-−–]|[-−–]/?[+]|[±∓]", re.IGNORECASE)
_PARTS = re.compile(r"[;|,/]|\s(?:and|or)\s")

_REPRESSION = re.compile(r"-+\||[⊣↓↘▼⬇抑阻下]\S*|(?!down\b)[^\W\d_]{4,}.*|down-?regulat.*", re.IGNORECASE)
"""Of fields that are read as repression, those that can hardly mean anything else."""

_TRUE = frozenset({"1", "true", "t", "yes", "y", "1.0"})
_FALSE = frozenset({"0", "false", "f", "no", "n", "0.0", ""})

_REGULON_NAME = re.compile(r"(?P<gene>.+?)(?:_extended)?[ _]?(?:\((?P<sign>[+-])\)|\(\d+g\))(?: ?\(\d+g\))?")


@dataclass(slots=True)
class SignMarks:
    """What a column of signs has beside its dashes, which decides what they mean.

    Examples
    --------
    >>> with_plus, with_words = SignMarks(), SignMarks()
    >>> for field in ("+", "-", "?"): with_plus.add(field)
    >>> for field in ("activation", "-", "repression"): with_words.add(field)
    >>> with_plus.are_dashes_minus, with_words.are_dashes_minus
    (True, False)
    """

    has_plus: bool = False
    has_words: bool = False

    def add(self, field: str) -> None:
        """Take note of a field, perhaps of several parts."""
        for part in map(str.strip, _PARTS.split(field)):
            if _PLUS_MARK.fullmatch(part):
                self.has_plus = True
            elif not _MINUS_MARK.fullmatch(part) and read_sign(part):
                self.has_words = True

    @property
    def are_dashes_minus(self) -> bool:
        """Whether a dash is the other sign of a plus, and not the lack of a word."""
        return self.has_plus and not self.has_words


def has_dash(field: str) -> bool:
    """Whether a field, or a part of it, is a dash alone."""
    return field.strip() in _DASHES or bool(_DASH.search(field) and read_sign(field) is None)  # -| is an arrow


def spell_dashes(field: str, *, are_minus: bool) -> str:
    """Return a field with −1, or nothing, in the place of dashes.

    Examples
    --------
    >>> spell_dashes("-", are_minus=True), spell_dashes("+;-", are_minus=False), spell_dashes("-1", are_minus=False)
    ('-1', '+;', '-1')
    """
    return _DASH.sub("-1" if are_minus else "", field) if has_dash(field) else field


def read_sign(field: str) -> int | None:
    """Return +1 or −1, 0 where a field says that the sign is not known, or None where it says nothing of a sign.

    A dash alone says nothing: whether it is a minus, its column decides (`SignMarks`). Of a kind of edge with a word in
    brackets behind it, which says nothing itself, the word decides.

    Examples
    --------
    >>> [read_sign(field) for field in ("Activation", "-1", "-|", "Unknown", "-", "12345", "Process(repression)")]
    [1, -1, -1, 0, 0, None, -1]
    """
    text = without_accents(field.strip())
    if is_missing(text) or text in _DASHES:
        return 0
    for pattern, sign in ((_PLUS, 1), (_MINUS, -1), (_UNKNOWN, 0)):
        if pattern.fullmatch(text):
            return sign
    bracketed = _BRACKETED.fullmatch(text)
    return read_sign(bracketed["word"]) if bracketed else None


def says_repression(field: str) -> bool:
    """Whether a field is a word or an arrow of repression, and no mark such as `-` that may stand for something else.

    Examples
    --------
    >>> [says_repression(field) for field in ("repression", "--|", "-", "-1", "R", "GErel")]
    [True, True, False, False, False, False]
    """
    text = field.strip()
    return bool(_REPRESSION.fullmatch(text)) and read_sign(text) == -1


def read_flags(stimulation: str, inhibition: str) -> int | None:
    """Return the sign that two flags give: 0 where both or neither is set, None where one is no flag."""
    known = read_flagged_signs(stimulation, inhibition)
    return None if known is None else sum(known)


def read_flagged_signs(stimulation: str, inhibition: str) -> frozenset[int] | None:
    """Return the signs whose flags are set, or None where one is no flag."""
    flags = {1: stimulation.strip().lower(), -1: inhibition.strip().lower()}
    if any(flag not in _TRUE | _FALSE for flag in flags.values()):
        return None
    return frozenset(sign for sign, flag in flags.items() if flag in _TRUE)


def read_known_signs(fields: Iterable[str]) -> frozenset[int] | None:
    """Return the signs that fields know, each perhaps of several parts; None where a part says nothing of a sign.

    Examples
    --------
    >>> [sorted(read_known_signs(fields)) for fields in (["Activation", "?"], ["+;-1"], ["dual"], ["-+"], ["unknown"])]
    [[1], [-1, 1], [-1, 1], [-1, 1], []]
    """
    known: set[int] = set()
    for field in fields:
        sign = read_sign(field)
        for part in [field] if sign is not None else _PARTS.split(field):
            sign = read_sign(part)
            if sign is None:
                return None
            known.update((1, -1) if _BOTH.fullmatch(part.strip()) else (sign,) if sign else ())
    return frozenset(known)


def has_unknown_part(fields: Iterable[str]) -> bool:
    """Whether a field, or a part of it, says that the sign is not known: no empty one does."""
    parts = [part.strip() for field in fields for part in _PARTS.split(field)]
    return any(part and not is_missing(part) and part not in _DASHES and read_sign(part) == 0 for part in parts)


def describe_unsettled(every: int, unknown: int, both: int) -> str:
    """Return what is said of the pairs of which no sign is known, and of those that have both.

    Examples
    --------
    >>> describe_unsettled(80, 6, 3)
    '6 of 80 pairs have no known sign, and 3 have both signs'
    >>> describe_unsettled(80, 0, 1), describe_unsettled(1, 1, 0)
    ('1 of 80 pairs has both signs', '1 of 1 pair has no known sign')
    """
    of, have = f"of {counted(every, 'pair')}", ["has" if count == 1 else "have" for count in (unknown, both)]
    if not unknown:
        return f"{both:,} {of} {have[1]} both signs"
    first = f"{unknown:,} {of} {have[0]} no known sign"
    return f"{first}, and {both:,} {have[1]} both signs" if both else first


def describe_settled(unknown: int, both: int, *, left_out: bool) -> str:
    """Return the note on what became of pairs of unknown sign, and of those that have both.

    Examples
    --------
    >>> describe_settled(2, 0, left_out=True), describe_settled(2, 1, left_out=False)
    ('2 pairs of unknown sign left out', '3 pairs of unknown sign taken as activation, 1 of which has both signs')
    """
    what = "left out" if left_out else "taken as activation"
    has = "has" if both == 1 else "have"
    of_both = f", {both:,} of which {has} both signs" if both else ""
    return f"{counted(unknown + both, 'pair')} of unknown sign {what}{of_both}"


def describe_completed(count: int) -> str:
    """Return the note on pairs whose sign some entries know and others do not."""
    has = "has the sign that another entry knows" if count == 1 else "have the signs that other entries know"
    return f"{counted(count, 'pair')} of unknown sign in some entries {has}"


def names_one_sign(title: str) -> bool:
    """Whether a title names activation or repression alone, as `is_repressor` does."""
    is_one = [any(stem in title for stem in stems) for stems in (("activat", "stimulat"), ("repress", "inhibit"))]
    return is_one.count(True) == 1


def are_relations(fields: Iterable[str]) -> bool:
    """Whether fields are relations of edges throughout, as SIF files have them: `pp`, `activates`, `-|`.

    Examples
    --------
    >>> are_relations(["controls-expression-of", "pd"]), are_relations(["activates"]), are_relations(["", "1"])
    (True, True, False)
    """
    texts = [field.strip() for field in fields]
    return bool(texts) and all(
        _RELATION.fullmatch(text) or (len(text) > 1 and not is_number(text) and read_sign(text) not in (None, 0))
        for text in texts
    )


def is_sign_title(title: str) -> bool:
    """Whether a title is that of a column of signs."""
    return without_number(title_key(title)) in SIGN_TITLES


def without_number(word: str) -> str:
    """Return a title without the number behind it, as KEGG's `subtype1` has one."""
    return word.rstrip("0123456789").rstrip("_")


def is_regulon_name(name: str) -> bool:
    """Whether a name is that of a regulon as SCENIC writes it, with a sign or a number of genes behind it."""
    return bool(_REGULON_NAME.fullmatch(name))


def split_regulon_name(name: str) -> tuple[str, int]:
    """Return the regulator in a name as SCENIC writes it, and −1 for a regulon of repression.

    Examples
    --------
    >>> split_regulon_name("TP53(-)"), split_regulon_name("Sox2_extended (12g)"), split_regulon_name("TP53")
    (('TP53', -1), ('Sox2', 1), ('TP53', 1))
    """
    match = _REGULON_NAME.fullmatch(name)
    return (name, 1) if match is None else (match["gene"], -1 if match["sign"] == "-" else 1)
