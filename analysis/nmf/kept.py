"""NMF analyses as artifacts of a store: an `Analysis` with the names of its rows and columns, written and read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast, get_args

import numpy as np

from ...engine.errors import EngineError, FormatError
from ...engine.nmf.modules.analysis import Analysis
from ...engine.nmf.modules.moonlighting import FALSE_DISCOVERY_RATE, Moonlighting
from ...engine.nmf.modules.rank import HeldOut, RankRow, RankSurvey
from ...engine.nmf.solvers.factorization import Factorization
from ...engine.tabular import Table
from ...engine.wording import counted
from ...storage.files import layout
from ...storage.networks.bases import decode_names, encode_names
from ...storage.networks.provenance import software

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from numpy.typing import NDArray

    from ...storage.history.records import Parameter
    from ...storage.networks.artifacts import Artifact, Artifacts

METHODS = {"correlation": 4, "counts": 4, "file": 4}
"""The method of each input, which grows when the same parameters give other numbers: earlier analyses do not count."""

UNFINISHED = 2
"""The method whose log likelihoods came from fits that had not ended: they are not shown."""

WITHOUT_ERRORS = (UNFINISHED, 3)
"""The methods whose shares of second modules have no errors, and whose default ranks end at 8."""

READ = (*WITHOUT_ERRORS, 4)
"""The methods whose analyses are read."""

MEASURES = ("held_out", "standard_error", "dispersion", "log_likelihood", "divergence")
"""The columns of the survey as it is kept."""


MAY_BE_NAN = (layout.STABILITY, layout.SURVEY, layout.SECOND_ERROR)
"""The arrays in which NaN stands for a number that is not known."""


@dataclass(frozen=True, slots=True)
class NmfRequest:
    """The request of an analysis of a version, of its base or of a file.

    Parameters
    ----------
    content : str
        The content id of the version, the id of the base, or the hash of the table that was read.
    input : {"correlation", "counts", "file"}
        Which matrix of it is factored.
    ranks : (int, int), optional
        The first and the last to survey; the default ones if None.
    restarts, seed : int
        Starts of each rank, and the seed that they are drawn with.
    """

    content: str
    input: str
    ranks: tuple[int, int] | None
    restarts: int
    seed: int

    @property
    def parameters(self) -> dict[str, Parameter]:
        """The parameters that distinguish one analysis of a content from another."""
        first, last = self.ranks or (None, None)
        return {
            "input": self.input,
            "first_rank": first,
            "last_rank": last,
            "restarts": self.restarts,
            "seed": self.seed,
            "method": METHODS[self.input],
        }


@dataclass(frozen=True, slots=True)
class NamedAnalysis(Table):
    """An analysis with the names of its genes and samples.

    Parameters
    ----------
    analysis : Analysis
        Its numbers.
    genes : tuple of str
        The p rows of V.
    samples : tuple of str
        The n columns; the genes again where V are similarities.
    description : str
        The matrix that was factored, in a line.
    symmetric, counts : bool
        Whether V are similarities, and whether they are counts, with a likelihood.
    """

    analysis: Analysis
    genes: tuple[str, ...]
    samples: tuple[str, ...]
    description: str
    symmetric: bool
    counts: bool

    def __repr__(self) -> str:
        return (
            f"<{counted(self.analysis.best.rank, 'module')} of {counted(len(self.genes), 'gene')}: {self.description}>"
        )

    def __len__(self) -> int:
        """How many genes there are."""
        return len(self.genes)

    def columns(self) -> dict[str, Sequence[Any]]:
        """Return the modules of each gene: its first, counted from 1, and a second, with the share of either.

        `q` is there where a likelihood tests second modules; `stability` is the share of the other starts that agree.
        """
        analysis = self.analysis
        memberships = analysis.memberships
        second, second_share = analysis.second
        q = [None] * len(self) if analysis.moonlighting is None else analysis.moonlighting.q.tolist()
        return {
            "gene": self.genes,
            "module": [module + 1 or None for module in memberships.main.tolist()],
            "share": memberships.shares.max(axis=1).tolist(),
            "second_module": [module + 1 or None for module in second.tolist()],
            "second_share": second_share.tolist(),
            "q": q,
            "stability": analysis.stability.tolist(),
        }


def find(artifacts: Artifacts, request: NmfRequest) -> Artifact | None:
    """Return the artifact of an earlier analysis of the same request, if there is one."""
    return artifacts.find(layout.NMF, request.content, request.parameters)


def kept_of(artifacts: Artifacts, contents: Collection[str]) -> list[Artifact]:
    """Return the analyses of versions or bases with these content ids that can be read, the newest first."""
    return [
        artifact
        for artifact in artifacts.each()
        if not isinstance(artifact, FormatError)
        if artifact.record.analysis == layout.NMF and artifact.record.content in contents
    ]


def keep(artifacts: Artifacts, request: NmfRequest, named_analysis: NamedAnalysis) -> Artifact:
    """Store an analysis as an artifact; raises as `Artifacts.keep`."""
    analysis, best = named_analysis.analysis, named_analysis.analysis.best
    arrays: dict[str, NDArray[np.generic]] = {
        layout.GENES: encode_names(named_analysis.genes),
        layout.MODULES: best.modules,
        layout.USAGE: best.usage,
        layout.TRACE: best.trace,
        layout.STABILITY: analysis.stability,
        layout.RANKS: np.array([row.rank for row in analysis.survey.rows], dtype=np.int64),
        layout.SURVEY: np.array([[getattr(row, name) for name in MEASURES] for row in analysis.survey.rows]),
    }
    if not named_analysis.symmetric:
        arrays[layout.SAMPLES] = encode_names(named_analysis.samples)
    facts: dict[str, Parameter] = {
        "symmetric": named_analysis.symmetric,
        "counts": named_analysis.counts,
        "held_out": analysis.survey.by,
        "rank": best.rank,
        "divergence": best.divergence,
        "residual": best.residual,
        "converged": best.converged,
    }
    if (test := analysis.moonlighting) is not None:
        arrays[layout.SECOND] = test.second.astype(np.int64)
        arrays[layout.SECOND_Q] = test.q
        arrays[layout.SECOND_ERROR] = test.error
        facts["overdispersion"] = test.overdispersion
    return artifacts.keep(
        layout.NMF,
        request.content,
        request.parameters,
        arrays,
        source=named_analysis.description,
        facts=facts,
        software=software("numba"),
    )


def read(artifact: Artifact) -> NamedAnalysis:
    """Return the analysis that an artifact holds.

    Raises
    ------
    FormatError
        It holds none, or one of an unknown method.
    """
    try:
        return _decode(artifact)
    except FormatError:
        raise
    except (KeyError, TypeError, ValueError, IndexError, OverflowError, EngineError) as failure:
        raise FormatError(f"The analysis {artifact.key} is damaged: its content is not an NMF: {failure}") from None


def _decode(artifact: Artifact) -> NamedAnalysis:
    arrays, facts = artifact.arrays, artifact.record.facts
    if artifact.record.analysis != layout.NMF:
        raise ValueError(f"it is of the kind {artifact.record.analysis!r}")
    if (method := artifact.record.parameters.get("method")) not in READ:
        raise FormatError(
            f"The analysis {artifact.key[:8]} was made by method {method}, which this grnledger does not know.",
            code="unknown-nmf-method",
        )
    genes = decode_names(arrays[layout.GENES])
    symmetric = bool(facts["symmetric"])
    samples = genes if symmetric else decode_names(arrays[layout.SAMPLES])
    rank = _whole(facts["rank"])
    p, n = len(genes), len(samples)
    best = Factorization(
        modules=_numbers(arrays, layout.MODULES, p, rank),
        usage=_numbers(arrays, layout.USAGE, rank, n),
        divergence=_real(facts["divergence"]),
        trace=_numbers(arrays, layout.TRACE, len(arrays[layout.TRACE])),
        residual=_real(facts["residual"]),
        converged=bool(facts["converged"]),
        seed=None,
    )
    ranks: list[int] = arrays[layout.RANKS].astype(np.int64).tolist()
    measures = _numbers(arrays, layout.SURVEY, len(ranks), len(MEASURES))
    if method == UNFINISHED:
        measures[:, MEASURES.index("log_likelihood")] = np.nan
    sums = best.modules.sum(axis=0)
    if not (best.modules.min() >= 0.0 and best.usage.min() >= 0.0 and np.allclose(sums, 1.0, atol=1e-3)):
        raise ValueError("W and H are not valid factors")
    rows = tuple(RankRow(at, *map(float, row)) for at, row in zip(ranks, measures, strict=True))
    test = None
    if layout.SECOND in arrays:
        q, second = _numbers(arrays, layout.SECOND_Q, p), arrays[layout.SECOND].astype(np.intp)
        if second.shape != (p,) or second.min() < -1 or second.max() >= rank:
            raise ValueError("a second module is not one of the modules")
        error = np.full(p, np.nan) if method in WITHOUT_ERRORS else _numbers(arrays, layout.SECOND_ERROR, p)
        alpha = _real(facts["overdispersion"])
        test = Moonlighting(q, second, q <= FALSE_DISCOVERY_RATE, alpha, error)
    by = str(facts["held_out"])
    if by not in get_args(HeldOut):
        raise ValueError(f"{by!r} cannot be held out")
    analysis = Analysis(RankSurvey(rows, cast("HeldOut", by)), best, _numbers(arrays, layout.STABILITY, p), test)
    if analysis.survey.chosen.rank != rank:
        raise ValueError("its rank is not the one that its survey chooses")
    return NamedAnalysis(analysis, genes, samples, artifact.record.source, symmetric, bool(facts["counts"]))


def _numbers(arrays: Mapping[str, NDArray[np.generic]], name: str, *shape: int) -> NDArray[np.float64]:
    array = arrays[name]
    if array.dtype.kind != "f" or array.shape != shape:
        raise ValueError(f"{name!r} is {layout.canonical_type(array)}")
    if name not in MAY_BE_NAN and not np.isfinite(array).all():
        raise ValueError(f"{name!r} holds a value that is not a number")
    return array.astype(np.float64)


def _whole(value: Parameter) -> int:
    if not isinstance(value, int):
        raise TypeError(f"{value!r} is not a whole number")
    return value


def _real(value: Parameter) -> float:
    if not isinstance(value, int | float):
        raise TypeError(f"{value!r} is not a number")
    return float(value)
