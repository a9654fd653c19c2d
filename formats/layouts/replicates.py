"""Names of samples that say which are replicates of one condition: `wt_rep1` and `wt_rep2`."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_REPLICATE = re.compile(
    r"(?P<stem>.*[^\W_])(?:[\s._-]+(?:bio|tech)?_?(?:replicate|repl?|r|n)?[\s._#-]*|(?:replicate|rep)[\s._#-]*)"
    r"(?P<number>\d{1,2}|[A-Da-d])",
    re.IGNORECASE,
)
"""A name that ends in the number or the letter of a replicate, with something between."""

FEWEST_CONDITIONS = 5
"""Conditions below which samples with numbers are those of groups that are compared."""

MOST_OF_ONE = 8
"""Most replicates of a condition."""

REPLICATED = 0.6
"""Least share of samples whose condition has another sample."""


def replicate_groups(samples: Sequence[str]) -> tuple[str, ...] | None:
    """Return the condition of each sample where their names show that most have replicates, else None.

    There are five conditions or more, each of at most eight samples, numbered from 1 or 0 on without gaps in most.

    Examples
    --------
    >>> replicate_groups(["a_rep1", "a_rep2", "b_rep1", "b_rep2", "c_rep1", "c_rep2", "d_rep1", "e_rep1", "e_rep2"])
    ('a', 'a', 'b', 'b', 'c', 'c', 'd', 'e', 'e')
    >>> replicate_groups(["tumour_1", "tumour_2", "tumour_3", "normal_1", "normal_2", "normal_3"]) is None
    True
    """
    matches = [_REPLICATE.fullmatch(sample.strip()) for sample in samples]
    stems = [match["stem"] if match else sample for match, sample in zip(matches, samples, strict=True)]
    sizes = Counter(stems)
    if len(sizes) < FEWEST_CONDITIONS or max(sizes.values()) > MOST_OF_ONE:
        return None
    if sum(size for size in sizes.values() if size > 1) < REPLICATED * len(samples):
        return None
    numbers: dict[str, list[int]] = {}
    for match in filter(None, matches):
        number = match["number"]
        numbers.setdefault(match["stem"], []).append(int(number) if number.isdigit() else ord(number.lower()) - 96)
    repeated = [sorted(of_stem) for stem, of_stem in numbers.items() if sizes[stem] > 1]
    in_series = [number for number in repeated if number[0] in (0, 1) and number[-1] - number[0] == len(number) - 1]
    return tuple(stems) if 2 * len(in_series) >= len(repeated) else None
