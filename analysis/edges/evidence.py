"""The evidence of listed pairs, where the base of a version has samples that can give any."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray

    from ...engine.mapping import Mapper
    from ...storage.repository import Repository
    from ..chance import Evidence


def evidence_if_any(
    repo: Repository,
    rev: str,
    pairs: NDArray[np.intp],
    *,
    mapper: Mapper | None = None,
    progress: Callable[[float], None] | None = None,
) -> Evidence | None:
    """Return where pairs of a version come from; `None` where its base has no samples to test them by."""
    if repo.base(rev).expression is None:
        return None
    from ..chance import evidence_of, pair_tests_if_any  # with SciPy's distributions, which nothing else here needs

    tests = pair_tests_if_any(repo, rev, mapper=mapper, progress=progress)
    return None if tests is None else evidence_of(tests, repo.pathways(rev), pairs)
