"""Names among the genes of an expression table that are of no gene, and describe its samples."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np

from ..genes.identifiers import spreadsheet_dates
from ..genes.orientation import is_bacterial, is_gene_id, title_word
from .titles import WORDS_ON_SAMPLES

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

_SYMBOL = re.compile(
    r"[A-Z0-9][A-Z0-9@.-]*(orf\d+[A-Z]?)?|(ENS[A-Z]*|LINC|MIR|LOC|RP\d+-)\w+(\.\d+)?|[a-z]{3}-(miR|let)-\S+|\S+_at|"
    r"mt-\w+(-\w+)?"
)
"""A symbol of a human gene, or an id beside such symbols."""

_PHRASE = re.compile(
    r"[A-Za-z]+([_.][a-z]+)+|[A-Za-z][a-z]{2,}-[a-z]{3,}|.*[^\W\d] +[^\W\d]{3,}.*|"
    r".*[^\W\d] \(.*[^\W\d].*\)|.*[%/].*"
)
"""Several words: `pack_years`, `Age (years)`, `dose mg/kg`."""

_BACTERIAL = re.compile(r"[a-z]{2,4}[A-Z]?\d*")
"""A name beside symbols of bacterial genes: `lacZ`, `crp`."""

_WORD = re.compile(r"[a-z]{2,}\d*")

_PLAIN_WORD = re.compile(r"[A-Za-z]?[a-z]{3,}")
"""A word as any language has it, which a name such as `EGFP`, `mCherry`, `Cre` or `ERCC-00002` is not."""

NARROW, WIDE = 8, 50
"""Most names in front of all others, or behind, that may describe samples: a tenth of all, within these."""

CAPITALS = 0.8
"""Share of names of genes that begin with a capital letter, where a name in small letters is of none."""

INNER = 0.1
"""Largest share of names that are unlike the others and stand among them, where those at the edges are judged."""

FEWEST_SAMPLES, FEWEST_GENES = 4, 10
"""Fewest samples, and fewest other genes, by whose numbers a gene is judged."""

FEWEST_DIFFERENT, LARGE = 4, 5
"""Fewest different whole numbers of a gene that are no logarithms of small counts, and the least of the largest."""

LARGEST_OF_LOGS, ABOVE, FEW = 30.0, 1.5, 0.2
"""Numbers with decimals below the first are logarithms; beyond them by the second they are of another kind; where less
than the third of other genes have whole numbers alone."""

EDGE = 8
"""Genes at both edges that are not taken for typical, where there are more than three times as many."""

COMPARED = 100
"""About as many genes are looked at for decimals."""


Where = Literal["columns", "rows", "chosen column"]


class UnlikeNames(NamedTuple):
    """Positions of names that may describe samples, and of those that do."""

    asked: list[int]
    none: list[int]


def find_unlike_names(names: Sequence[str], values: NDArray[np.float64], *, where: Where = "columns") -> UnlikeNames:
    """Return which names of genes are words, as `weight_kg` is, and stand together before or behind all others.

    Several words describe samples where one of them is of people or of libraries, as `years` and `reads` are, and so
    do words of other languages; other words may.

    Parameters
    ----------
    names : sequence of str
    values : ndarray of float64, shape (names, samples)
        A single word counts where its values are whole numbers and those of most others are not, or where nearly all
        other names have capital letters.
    where : {"columns", "rows", "chosen column"}
        Where they stand. In rows, spike-ins, transgenes and symbols are among ids: a name of another form, with numbers
        like the others', is asked about only where it is a plain word, or has one on samples; and not at all in a
        column that was chosen as that of the genes.

    Examples
    --------
    >>> names = ["body weight (g)", "smoker", "TP53", "MDM2", "BAX", "ATM", "MYC", "FOS", "JUN", "VIM", "CD4", "CD8A"]
    >>> find_unlike_names(names, np.full((12, 4), 7.5))
    UnlikeNames(asked=[1], none=[0])
    """
    phrases = [bool(_PHRASE.fullmatch(name.strip())) for name in names]
    words = [bool(_WORD.fullmatch(name.strip())) for name in names]
    others = values[EDGE:-EDGE] if len(values) > 3 * EDGE else values
    others = others[:: max(1, len(others) // COMPARED)]
    whole_rows = int(np.count_nonzero(_are_whole(others)))
    are_decimals = 2 * whole_rows < len(others)
    of_genes = _are_most(map(_SYMBOL.fullmatch, names), names)
    of_ids = _are_most(map(is_gene_id, names), names)
    of_bacteria = _are_most(map(is_bacterial, names), names)
    small = _are_most(map(str.islower, names), names)
    capitals = _are_most((name[:1].isupper() for name in names), names)
    edge = max(NARROW, min(WIDE, len(names) // 10))
    front, behind = range(min(edge, len(names))), range(max(edge, len(names) - edge), len(names))
    at_edges = [*front, *behind]
    whole = dict(zip(at_edges, _are_whole(values[at_edges]).tolist(), strict=True))
    other_numbers = _of_other_numbers(values, others, at_edges)
    dates = set(spreadsheet_dates(names))
    of_form = [
        bool(
            (of_genes and _SYMBOL.fullmatch(name))
            or (of_ids and is_gene_id(name))
            or (of_bacteria and _BACTERIAL.fullmatch(name))
        )
        for name in names
    ]
    if where != "columns":  # one gene in a few has whole numbers alone, where expected counts have decimals
        other_numbers -= {i for i in other_numbers if of_form[i] and are_decimals and whole[i]}
    surely = [
        is_phrase or i in other_numbers or not name.isascii() or (is_word and are_decimals and whole.get(i, False))
        for i, (name, is_phrase, is_word) in enumerate(zip(names, phrases, words, strict=True))
    ]
    unlike = [
        is_unlike
        or (is_word and capitals and name.islower())
        or (of_genes and not _SYMBOL.fullmatch(name))
        or (of_ids and not is_gene_id(name))
        or (of_bacteria and not _BACTERIAL.fullmatch(name))
        or (small and name.isupper() and len(name) > 1)
        for name, is_unlike, is_word in zip(names, surely, words, strict=True)
    ]
    if sum(unlike) > max(2, len(names) // 3):
        return UnlikeNames([], [])
    places = [i for i, is_unlike in enumerate(unlike) if is_unlike and names[i] not in dates]
    inner = [i for i in places if i not in whole]
    if len(inner) > INNER * len(names):
        return UnlikeNames([], [])
    if inner:  # such names are among the genes as well
        places = [i for block in (front, behind[::-1]) for i in _leading(block, unlike)]
    if where != "columns":
        is_word = where == "rows"
        places = [
            i
            for i in places
            if surely[i] or (is_word and (_PLAIN_WORD.fullmatch(names[i]) or _is_on_samples(names[i])))
        ]
    certain = [i for i in places if (phrases[i] and _is_on_samples(names[i])) or _is_foreign_word(names[i])]
    return UnlikeNames([i for i in places if i not in certain], certain)


def _is_on_samples(name: str) -> bool:
    return not WORDS_ON_SAMPLES.isdisjoint(title_word(name).split("_"))


def _is_foreign_word(name: str) -> bool:
    """Whether a name is a word in small letters that are not all of English: genes are not called so."""
    return not name.isascii() and name == name.lower() and not any(map(str.isdigit, name))


def _of_other_numbers(values: NDArray[np.float64], others: NDArray[np.float64], places: Sequence[int]) -> set[int]:
    """Return which of some genes have decimals where the others have none, or the reverse, or are above all others.

    Logarithms of small counts are whole numbers as well, but few different ones; and counts differ by any factor.
    """
    if values.shape[1] < FEWEST_SAMPLES or len(others) < FEWEST_GENES:
        return set()
    whole, share = _are_whole(values[list(places)]), float(np.mean(_are_whole(others)))
    largest = float(np.nanmax(others)) if np.isfinite(others).any() else float("nan")
    are_logs = share < FEW and largest < LARGEST_OF_LOGS
    unlike: set[int] = set()
    for place, is_whole in zip(places, whole.tolist(), strict=True):
        numbers = values[place][np.isfinite(values[place])]
        is_other = (share == 1 and not is_whole) or (
            share < FEW and is_whole and len(np.unique(numbers)) >= FEWEST_DIFFERENT and numbers.max() >= LARGE
        )
        if is_other or (are_logs and len(numbers) and float(np.median(numbers)) > ABOVE * largest):
            unlike.add(place)
    return unlike


def _leading(block: Sequence[int], unlike: Sequence[bool]) -> list[int]:
    """Return the positions from the beginning of a block on that are unlike the others, without a gap."""
    end = next((at for at, i in enumerate(block) if not unlike[i]), len(block))
    return list(block[:end])


def _are_most(which: Iterable[object], names: Sequence[str]) -> bool:
    return sum(map(bool, which)) >= CAPITALS * len(names)


def _are_whole(rows: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return which rows have whole numbers alone, missing values apart."""
    finite = np.where(np.isfinite(rows), rows, 0.0)
    return np.all(finite == np.round(finite), axis=1)
