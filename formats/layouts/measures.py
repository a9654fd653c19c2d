"""Measures in the titles of columns: tables with several columns of each sample, as tximport and MaxQuant write."""

from __future__ import annotations

import re
from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

from ..genes.orientation import title_word

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_VALUES = re.compile(
    r"((raw|read|est|estimated|expected|unique|frag|fragment|umi|norm|normalized|normalised)_)?counts?|reads|num_?reads|"
    r"abundance|(log2?_)?(tpm|fpkm|rpkm|cpm|rma|vst|rlog)|(lfq_|raw_|log2_)?intensity|ibaq|avg_signal|signal|"
    r"expression|exprs|spectral_counts?|nsaf|emp_?ai|raw|norm|normali[sz]ed|scaled|ratio(_[hml]_[hml])?(_normali[sz]ed)?|"
    r"reporter_intensity(_corrected)?|[fb]\d{3}_(median|mean)|mean|median|average|avg"
)
"""Measures of expression, in the form of `title_word`."""

_BESIDE = re.compile(
    r"((fpkm|tpm)_)?(conf_(lo|hi)|ci_(low|high|lower|upper)|status)|detection(_p_?val(ue)?)?|(adj_)?p_?val(ue)?|"
    r"bead_std(err|ev)|array_stdev|(avg_)?nbeads|std_?(err|dev|error)|sd|se|sem|cv|variance|(abs_)?call|flags?|"
    r"(eff(ective)?_)?length|identification_type|sequence_coverage|(razor_)?(unique_)?peptides|"
    r"ms_ms_count|q_?value|fdr|covered_bases|quality|reporter_intensity_count|ratio(_[hml]_[hml])?_(count|variability)"
)
"""What stands beside a measure and says how well it is known."""

_SEPARATOR = re.compile(r"[ ._:|/()\[\]-]+")


def are_measures(titles: Iterable[str]) -> bool:
    """Whether titles are measures alone: the table has columns of one sample.

    Examples
    --------
    >>> are_measures(["expected_count", "TPM", "FPKM"]), are_measures(["S1", "S2"])
    (True, False)
    """
    words = [title_word(title) for title in titles]
    return len(set(words)) > 1 and all(_VALUES.fullmatch(word) or _BESIDE.fullmatch(word) for word in words)


def is_measure(title: str) -> bool:
    """Whether a title has a measure of expression beside the name of a sample."""
    parts = _split(title)
    return parts is not None and bool(_VALUES.fullmatch(title_word(parts[0])))


class Measure(NamedTuple):
    """Columns of one measure: its title, a pattern of its columns, whether it is of expression, and the columns.

    Title and pattern are empty where the columns are called as the samples.
    """

    title: str
    pattern: str
    is_expression: bool
    columns: tuple[int, ...]


def find_measures(titles: Sequence[str], columns: Sequence[int]) -> tuple[Measure, ...]:
    """Return the measures that a table has of each sample, or none where it has one.

    A title is a measure and the name of a sample, in either order, or the name alone. There are several measures where
    two of them have the same sample.

    Parameters
    ----------
    titles : sequence of str
        Of all columns.
    columns : sequence of int
        Those that may hold values.

    Examples
    --------
    >>> titles = ["gene", "counts.A", "counts.B", "abundance.A", "abundance.B", "length.A", "length.B"]
    >>> [(measure.pattern, measure.is_expression) for measure in find_measures(titles, range(1, 7))]
    [('counts.*', True), ('abundance.*', True), ('length.*', False)]
    >>> find_measures(["gene", "ctrl_1", "ctrl_2", "treated_1", "treated_2"], range(1, 5))
    ()
    """
    measured: dict[tuple[str, str], dict[str, int]] = defaultdict(dict)
    for column in columns:
        parts = _split(titles[column])
        if parts is not None:
            title, pattern, sample = parts
            measured[title, pattern].setdefault(sample, column)
    bare = {titles[column]: column for column in columns}
    bare = {sample: bare[sample] for samples in list(measured.values()) for sample in samples if sample in bare}
    if bare:  # A beside A.pvalue
        measured["", ""] = bare
    shared = [
        key
        for key, samples in measured.items()
        if any(samples.keys() & others.keys() for other, others in measured.items() if other[0] != key[0])
    ]
    return tuple(
        Measure(
            title,
            pattern,
            not title or bool(_VALUES.fullmatch(title_word(title))),
            tuple(measured[title, pattern].values()),
        )
        for title, pattern in shared
    )


def _split(title: str) -> tuple[str, str, str] | None:
    """Return the measure in a title, the pattern of such titles and the name of the sample; the longest measure."""
    marks = [match.span() for match in _SEPARATOR.finditer(title)]
    heads = [(title[:start], _escape(title[:end]) + "*", title[end:]) for start, end in reversed(marks)]
    tails = [(title[end:].rstrip(" )]"), "*" + _escape(title[start:]), title[:start]) for start, end in marks]
    for measure, pattern, sample in (*heads, *tails):
        word = title_word(measure)
        if sample.strip(" ([") and (_VALUES.fullmatch(word) or _BESIDE.fullmatch(word)):
            return measure.strip(), pattern, sample.strip(" ()[]")
    return None


def _escape(text: str) -> str:
    """Return text as a pattern that matches it alone."""
    return re.sub(r"([*?[])", r"[\1]", text)
