"""A version read through its small matrix, against dense algebra: anchors, capacitance, snapshot and operators."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pytest
from grnledger.engine.errors import EngineError, NotFound, NotPositiveDefinite
from grnledger.engine.network import (
    anchor as anchor_module,
    capacitance as capacitance_module,
    covariance as covariance_module,
)
from grnledger.engine.network.anchor import Dense, Diagonal, anchor_of
from grnledger.engine.network.capacitance import factor
from grnledger.engine.network.columns import columns_of
from grnledger.engine.network.covariance import ArraySource, FactorCovariance
from grnledger.engine.network.inversion import invert
from grnledger.engine.network.panel import Panel
from grnledger.engine.network.pathway import Pathway
from grnledger.engine.network.snapshot import Snapshot, build_snapshot
from hypothesis import given, settings, strategies as st
from loadings import sparse_of
from numpy.typing import NDArray
from scipy.sparse.linalg import aslinearoperator, cg

if TYPE_CHECKING:
    from collections.abc import Sequence

    from grnledger.engine.network.anchor import Core
    from grnledger.engine.network.covariance import Covariance

Matrix = NDArray[np.float64]
Form = Literal["dense", "factors", "noise"]

EPS = float(np.finfo(np.float64).eps)

C = 32.0
"""A version is right to C·eps·cond, where cond is the largest eigenvalue over the smallest of all the covariances on
the way: noise, base, after the additions, after the subtractions. The largest error over these cases was 11·eps·cond,
and direct inversion, which is the truth here, has its part in it."""

properties = settings(max_examples=80, derandomize=True, deadline=None)


@dataclass(frozen=True)
class Case:
    """A version to build: p genes, r columns, the condition of its base, the base's form, and what is subtracted."""

    genes: int
    rank: int
    condition: float
    form: Form
    mixed: bool

    def __str__(self) -> str:
        signs = "mixed" if self.mixed else "added"
        return f"{self.form}-p{self.genes}-r{self.rank}-cond{self.condition:.0e}-{signs}"


FORMS: tuple[Form, ...] = ("dense", "factors", "noise")

CASES = [
    *itertools.starmap(Case, itertools.product([2, 3, 10, 60], [1, 7, 60], [1e1, 1e8], FORMS, [False, True])),
    *itertools.starmap(Case, itertools.product([25], [5], [1e3, 1e5], FORMS, [False, True])),
    *itertools.starmap(Case, itertools.product([200], [10, 60], [1e1, 1e3, 1e5, 1e8], FORMS, [True])),
    *itertools.starmap(Case, itertools.product([600], [60], [1e8], FORMS, [True])),
]


@dataclass(frozen=True)
class Built:
    """A version, its covariance and precision by dense algebra, and the worst condition on the way."""

    snapshot: Snapshot
    covariance: Matrix
    precision: NDArray[Any]
    condition: float


def random_covariance(genes: int, condition: float, rng: np.random.Generator) -> Matrix:
    axes = np.linalg.qr(rng.standard_normal((genes, genes)))[0]
    product = (axes * np.logspace(0.0, -np.log10(condition), genes)) @ axes.T
    return (product + product.T) / 2


def base_of(case: Case, rng: np.random.Generator) -> Covariance:
    """A dense base, one ill-conditioned by its factors, or one ill-conditioned by its noise."""
    if case.form == "dense":
        return invert(random_covariance(case.genes, case.condition, rng))
    factors = min(case.genes, 5)
    loadings = rng.standard_normal((case.genes, factors))
    root = rng.standard_normal((factors, factors))
    together = root @ root.T + np.eye(factors)
    if case.form == "noise":
        noise = rng.permutation(case.condition ** -np.linspace(0.0, 1.0, case.genes))
        return FactorCovariance(noise, 0.3 * loadings, together)
    noise = rng.uniform(0.5, 1.0, case.genes)
    largest = float(np.linalg.norm(loadings @ np.linalg.cholesky(together), 2))
    return FactorCovariance(noise, loadings * np.sqrt(case.condition * noise.min()) / largest, together)


def dense_base(base: Covariance) -> Matrix:
    """Σ₀ = B F Bᵀ + diag(noise), or the matrix itself."""
    if not isinstance(base, FactorCovariance):
        return base.covariance.rows(np.arange(base.size))
    together = base.factor_covariance
    inner = np.eye(base.loadings.shape[1]) if together is None else together
    return base.loadings @ inner @ base.loadings.T + np.diag(base.noise)


def dense_term(pathway: Pathway, deviations: Matrix) -> Matrix:
    """X F Xᵀ of one pathway, by loops over its genes."""
    loadings = np.zeros((len(deviations), pathway.rank))
    for row, gene in enumerate(pathway.genes.tolist()):
        scale = deviations[gene] if pathway.units == "sd" else 1.0
        loadings[gene] = scale * pathway.loadings[row]
    together = np.eye(pathway.rank) if pathway.covariance is None else pathway.covariance
    return loadings @ together @ loadings.T


def random_pathways(rank: int, sign: Literal[1, -1], deviations: Matrix, rng: np.random.Generator) -> list[Pathway]:
    """Pathways of this rank in all: single columns and pairs tied by a covariance, raw and in sd, on some genes."""
    actual: list[Pathway] = []
    while rank > 0:
        columns = min(rank, 1 + len(actual) % 2)
        size = int(rng.integers(1, len(deviations) + 1))
        genes = np.sort(rng.choice(len(deviations), size, replace=False))
        units: Literal["sd", "raw"] = "raw" if len(actual) % 3 == 0 else "sd"
        loadings = rng.standard_normal((size, columns)) * 10.0 ** rng.uniform(-2.0, 0.0)
        if units == "raw":
            loadings = deviations[genes, None] * loadings
        names = tuple(f"{'+' if sign > 0 else '-'}{len(actual)}.{column}" for column in range(columns))
        together = None if columns == 1 else np.array([[1.0, 0.6], [0.6, 2.0]])
        actual.append(Pathway(names, genes, loadings, sign, units, together))
        rank -= columns
    return actual


def scaled(pathway: Pathway, scale: float) -> Pathway:
    return Pathway(
        pathway.names, pathway.genes, scale * pathway.loadings, pathway.sign, pathway.units, pathway.covariance
    )


def taking(share: float, pathways: Sequence[Pathway], available: Matrix, deviations: Matrix) -> list[Pathway]:
    """Scale subtractions so that together, where they take most, they take this share of what is there."""
    root = np.linalg.cholesky(available)
    inside = np.linalg.inv(root)
    term = sum((dense_term(pathway, deviations) for pathway in pathways), np.zeros_like(available))
    most = float(np.linalg.eigvalsh(inside @ term @ inside.T)[-1])
    return [scaled(pathway, float(np.sqrt(share / most))) for pathway in pathways]


def version(base: Covariance, pathways: Sequence[Pathway]) -> Snapshot:
    panel = Panel(tuple(f"G{number}" for number in range(base.size)))
    return build_snapshot(panel, anchor_of(base), pathways, base.standard_deviations())


def build(case: Case) -> Built:
    rng = np.random.default_rng([case.genes, case.rank, int(case.condition), FORMS.index(case.form), case.mixed])
    base = base_of(case, rng)
    deviations = base.standard_deviations()
    start = dense_base(base)
    subtracted = case.rank // 2 if case.mixed else 0
    pathways = random_pathways(case.rank - subtracted, 1, deviations, rng)
    most = start + sum(dense_term(pathway, deviations) for pathway in pathways)
    least = most
    if subtracted:
        away = taking(0.9, random_pathways(subtracted, -1, deviations, rng), most, deviations)
        least = most - sum(dense_term(pathway, deviations) for pathway in away)
        pathways += away
    noise = base.noise if isinstance(base, FactorCovariance) else np.ones(0)
    eigenvalues = np.concatenate([noise, *(np.linalg.eigvalsh(matrix) for matrix in (start, most, least))])
    condition = float(eigenvalues.max() / eigenvalues.min())
    return Built(version(base, pathways), least, np.linalg.inv(least), condition)


def close(actual: NDArray[Any], truth: NDArray[Any], tolerance: float) -> bool:
    """Whether the largest difference is within tolerance of the largest entry."""
    return bool(np.abs(actual - truth).max() <= tolerance * np.abs(truth).max())


@pytest.fixture(scope="module", params=CASES, ids=str)
def built(request: pytest.FixtureRequest) -> Built:
    return build(request.param)


def test_the_precision_and_the_covariance_of_a_version_are_the_dense_ones_and_symmetric(built: Built) -> None:
    tolerance = C * EPS * built.condition
    precision, covariance = built.snapshot.precision.to_dense(), built.snapshot.covariance.to_dense()
    assert close(precision, built.precision, tolerance)
    assert close(covariance, built.covariance, 10.0 * C * EPS)  # subtractions leave a tenth at the least
    np.testing.assert_array_equal(precision, precision.T)
    np.testing.assert_array_equal(covariance, covariance.T)


def test_the_log_determinant_of_a_version_is_the_dense_one(built: Built) -> None:
    truth = np.linalg.slogdet(built.covariance)[1]
    np.testing.assert_allclose(built.snapshot.log_det, truth, rtol=C * EPS, atol=C * EPS * built.condition)


def test_the_correlations_of_a_version_are_the_dense_ones_with_1_on_the_diagonal(built: Built) -> None:
    everyone = range(len(built.covariance))
    tolerance = C * EPS * built.condition
    for sign, dense, asked in (
        (-1.0, built.precision, built.snapshot.partial_correlation),
        (1.0, built.covariance, built.snapshot.correlation),
    ):
        roots = np.sqrt(np.diagonal(dense))
        truth = sign * dense / np.outer(roots, roots)
        np.fill_diagonal(truth, 1.0)
        actual = asked(everyone)
        assert isinstance(actual, np.ndarray)
        assert close(actual, truth, tolerance)
        np.testing.assert_array_equal(np.diagonal(actual), 1.0)


def test_rows_blocks_diagonals_and_products_of_a_version_are_those_of_its_dense_matrices(built: Built) -> None:
    rng = np.random.default_rng(0)
    size = len(built.covariance)
    rows, columns = rng.integers(size, size=3), rng.integers(size, size=4)
    right = rng.standard_normal((size, 3))
    tolerance = C * EPS * built.condition
    for dense, operator in (
        (built.precision, built.snapshot.precision),
        (built.covariance, built.snapshot.covariance),
    ):
        scale = float(np.abs(dense).max())
        # Blocks and diagonals twice: before the whole factor is there, and after.
        for _ in range(2):
            assert np.abs(operator.block(rows, columns) - dense[np.ix_(rows, columns)]).max() <= tolerance * scale
            assert np.abs(operator.diagonal(rows) - dense[rows, rows]).max() <= tolerance * scale
            assert close(operator.diagonal(), np.diagonal(dense), tolerance)
            assert np.abs(operator.rows(rows) - dense[rows]).max() <= tolerance * scale
        assert close(operator @ right, dense @ right, tolerance * np.sqrt(size))
        assert close(operator @ right[:, 0], dense @ right[:, 0], tolerance * np.sqrt(size))


@pytest.mark.parametrize("form", FORMS)
def test_names_and_indices_select_the_same_genes(form: Form) -> None:
    snapshot = build(Case(8, 4, 1e1, form, mixed=True)).snapshot
    names, indices = ["G5", "G0"], [5, 0]
    for by_name, by_index in (
        (snapshot.precision.rows(names), snapshot.precision.rows(indices)),
        (snapshot.covariance.block(names, "G3"), snapshot.covariance.block(indices, 3)),
        (snapshot.precision.diagonal(names), snapshot.precision.diagonal(indices)),
        (snapshot.partial_correlation(names, ["G1"]), snapshot.partial_correlation(indices, [1])),
        (snapshot.correlation("G2", names), snapshot.correlation(2, indices)),
    ):
        np.testing.assert_array_equal(by_name, by_index)


def test_two_single_genes_have_a_number_and_several_have_an_array() -> None:
    snapshot = build(Case(8, 4, 1e1, "factors", mixed=True)).snapshot
    pair = snapshot.partial_correlation("G1", "G2")
    assert isinstance(pair, float)
    table = snapshot.partial_correlation(["G1"], ["G2", "G1"])
    assert isinstance(table, np.ndarray)
    np.testing.assert_allclose(table, [[pair, 1.0]], rtol=1e-13)
    assert snapshot.correlation("G1", "G1") == 1.0
    with pytest.raises(NotFound, match="G99"):
        snapshot.correlation("G1", "G99")


def test_the_operators_are_symmetric_for_scipy_too() -> None:
    operator = build(Case(8, 4, 1e1, "noise", mixed=True)).snapshot.precision
    right = np.arange(8.0)
    np.testing.assert_array_equal(operator.H @ right, operator @ right)
    np.testing.assert_array_equal(operator.T @ right, operator @ right)
    assert operator.shape == (8, 8)
    assert operator.dtype == np.float64
    truth = operator.to_dense()
    np.testing.assert_allclose(cg(operator, right, rtol=1e-12)[0], np.linalg.solve(truth, right), rtol=1e-9)
    np.testing.assert_allclose((2.0 * aslinearoperator(operator)) @ right, 2.0 * truth @ right, rtol=1e-12)
    np.testing.assert_allclose(operator @ np.stack([right, right], axis=1), truth @ np.stack([right, right], axis=1))
    assert operator.matvec(right[:, None]).shape == (8, 1)


@pytest.mark.parametrize("form", FORMS)
def test_a_version_without_pathways_is_its_base(form: Form) -> None:
    base = base_of(Case(9, 0, 1e2, form, mixed=False), np.random.default_rng(1))
    snapshot = version(base, ())
    assert close(snapshot.covariance.to_dense(), dense_base(base), C * EPS)
    assert close(snapshot.precision.to_dense(), np.linalg.inv(dense_base(base)), C * EPS * 1e3)
    assert snapshot.rank == 0
    assert snapshot.capacitance.guard == 1.0


@pytest.mark.parametrize("form", FORMS)
def test_leaving_pathways_out_gives_the_base_back_bit_for_bit(form: Form) -> None:
    base = base_of(Case(30, 0, 1e8, form, mixed=False), np.random.default_rng(2))
    before = version(base, ())
    remaining = bits(before)
    after = version(base, random_pathways(8, 1, base.standard_deviations(), np.random.default_rng(3)))
    assert bits(after) != remaining
    assert bits(version(base, ())) == remaining


def bits(snapshot: Snapshot) -> list[bytes]:
    precision, covariance = snapshot.precision, snapshot.covariance
    numbers = [precision.to_dense(), covariance.to_dense(), precision.diagonal(), np.array(snapshot.log_det)]
    return [number.tobytes() for number in numbers]


@pytest.mark.parametrize("form", FORMS)
def test_the_columns_keep_their_order_and_equal_input_gives_equal_bits(
    form: Form,
) -> None:
    base = base_of(Case(30, 0, 1e3, form, mixed=False), np.random.default_rng(4))
    deviations = base.standard_deviations()
    pathways = random_pathways(9, 1, deviations, np.random.default_rng(5))
    other_way = list(reversed(pathways))
    first, again, turned = version(base, pathways), version(base, list(pathways)), version(base, other_way)
    assert [pathway.names for pathway in first.pathways] == [pathway.names for pathway in pathways]
    assert [pathway.names for pathway in turned.pathways] == [pathway.names for pathway in other_way]
    assert bits(first) == bits(again)
    expected = np.hstack([densified(pathway, deviations) for pathway in other_way])
    np.testing.assert_allclose(turned.capacitance.loadings.rows(), expected, rtol=4 * EPS, atol=0)
    assert close(turned.precision.to_dense(), first.precision.to_dense(), C * EPS * 1e4)


def densified(pathway: Pathway, deviations: Matrix) -> Matrix:
    """X F^½ of one pathway on all genes, in units of the expression."""
    scale = deviations if pathway.units == "sd" else np.ones_like(deviations)
    answer = np.zeros((len(deviations), pathway.rank))
    answer[pathway.genes] = scale[pathway.genes, None] * pathway.columns()
    return answer


def test_loadings_in_sd_are_raw_loadings_times_the_deviations_of_the_base() -> None:
    base = base_of(Case(12, 0, 1e2, "factors", mixed=False), np.random.default_rng(6))
    deviations = base.standard_deviations()
    np.testing.assert_allclose(deviations, np.sqrt(np.diagonal(dense_base(base))), rtol=1e-14)
    genes, loadings = np.array([1, 4, 7]), np.array([[0.5], [-1.0], [2.0]])
    counted = Pathway(("p53",), genes, loadings.copy())
    raw = Pathway(("p53",), genes.copy(), deviations[genes, None] * loadings, units="raw")
    np.testing.assert_array_equal(columns_of([counted], deviations).rows(), columns_of([raw], deviations).rows())


@pytest.mark.parametrize("form", FORMS)
def test_a_version_read_from_a_full_inversion_of_an_earlier_one_is_the_same_version(
    form: Form,
) -> None:
    base = base_of(Case(40, 0, 1e3, form, mixed=False), np.random.default_rng(7))
    deviations = base.standard_deviations()
    pathways = random_pathways(8, 1, deviations, np.random.default_rng(8))
    earlier, whole = version(base, pathways[:3]), version(base, pathways)
    anchor = anchor_of(invert(earlier.covariance.to_dense()))
    folded = build_snapshot(whole.panel, anchor, pathways[3:], deviations)
    assert folded.rank == whole.rank - earlier.rank
    assert close(folded.precision.to_dense(), whole.precision.to_dense(), C * EPS * 1e5)
    np.testing.assert_allclose(folded.log_det, whole.log_det, rtol=1e-10)


@properties
@given(
    genes=st.integers(2, 12),
    added=st.integers(0, 4),
    subtracted=st.integers(1, 4),
    share=st.sampled_from([0.01, 0.5, 0.99, 0.9999, 1.0001, 1.01, 2.0, 1e3, 1e18]),
    form=st.sampled_from(FORMS),
    seed=st.integers(0, 2**32 - 1),
)
def test_a_subtraction_is_refused_exactly_when_the_dense_covariance_is_not_positive_definite(
    genes: int, added: int, subtracted: int, share: float, form: Form, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    base = base_of(Case(genes, 0, 1e2, form, mixed=True), rng)
    deviations = base.standard_deviations()
    plus = random_pathways(added, 1, deviations, rng)
    most = dense_base(base) + sum(dense_term(pathway, deviations) for pathway in plus)
    minus = taking(share, random_pathways(subtracted, -1, deviations, rng), most, deviations)
    least = most - sum(dense_term(pathway, deviations) for pathway in minus)
    columns = np.hstack([densified(pathway, deviations) for pathway in minus])
    smallest = np.linalg.eigvalsh(np.eye(columns.shape[1]) - columns.T @ np.linalg.inv(most) @ columns)[0]
    if np.linalg.eigvalsh(least)[0] > 0:
        snapshot = version(base, [*plus, *minus])
        np.testing.assert_allclose(snapshot.capacitance.guard, smallest, atol=1e-9)
        np.testing.assert_allclose(snapshot.capacitance.guard, 1.0 - share, atol=1e-9)
    else:
        with pytest.raises(NotPositiveDefinite) as refused:
            version(base, [*plus, *minus])
        np.testing.assert_allclose(refused.value.eigenvalue, smallest, rtol=1e-7)
        assert f"{refused.value.eigenvalue:.3g}" in refused.value.message


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("guilty", range(4))
def test_the_refusal_names_the_pathway_that_removes_too_much(form: Form, guilty: int) -> None:
    base = base_of(Case(12, 0, 1e1, form, mixed=True), np.random.default_rng(9))
    available = dense_base(base)
    minus: list[Pathway] = []
    for number, name in enumerate(("p53", "NF-κB", "Wnt", "MAPK")):
        removal = Pathway((name,), np.arange(3 * number, 3 * number + 3), np.ones((3, 1)), -1)
        minus += taking(1.5 if number == guilty else 0.01, [removal], available, base.standard_deviations())
    with pytest.raises(NotPositiveDefinite, match=f"Subtracting {minus[guilty].names[0]} would"):
        version(base, minus)


def test_a_tied_pathway_that_removes_too_much_is_named_by_its_column() -> None:
    base = FactorCovariance(np.ones(6), np.empty((6, 0)))
    loadings = np.zeros((6, 2))
    loadings[0, 0], loadings[4, 1] = 0.1, 5.0
    pair = Pathway(("small", "large"), np.arange(6), loadings, -1, "raw", np.diag([1.0, 2.0]))
    with pytest.raises(NotPositiveDefinite, match="Subtracting large would"):
        version(base, [Pathway(("added",), np.array([5]), np.ones((1, 1))), pair])


def test_a_subtraction_may_remove_what_an_addition_added() -> None:
    base = base_of(Case(20, 0, 1e2, "factors", mixed=True), np.random.default_rng(10))
    added = Pathway(("p53",), np.array([2, 3, 5]), np.array([[1.0], [2.0], [-1.0]]))
    removed = Pathway(("not p53",), added.genes.copy(), added.loadings.copy(), -1)
    with pytest.raises(NotPositiveDefinite):
        version(base, [scaled(removed, 2.0)])
    there_and_back = version(base, [added, removed])
    assert close(there_and_back.precision.to_dense(), version(base, ()).precision.to_dense(), C * EPS * 1e4)


@pytest.mark.parametrize("size", [1e2, 1e3, 3e3, 1e4, 1e5, 1e6])
def test_a_subtraction_that_leaves_rounding_alone_is_refused_and_never_answered_wrongly(size: float) -> None:
    rng = np.random.default_rng(14)
    base = FactorCovariance(rng.uniform(0.5, 1.0, 20), rng.standard_normal((20, 3)))
    added = Pathway(("p53",), np.arange(20), size * rng.standard_normal((20, 1)))
    pathways = [added, Pathway(("not p53",), np.arange(20), added.loadings.copy(), -1)]
    if size > 1e2:
        with pytest.raises(NotPositiveDefinite, match="not p53"):
            version(base, pathways)
    else:
        assert close(version(base, pathways).precision.to_dense(), np.linalg.inv(dense_base(base)), 1e-4)


@pytest.mark.parametrize("size", [1e9, 1e12, 1e160])
@pytest.mark.parametrize("copies", [1, 2])
@pytest.mark.parametrize("form", FORMS)
def test_loadings_that_leave_no_digits_are_refused(size: float, copies: int, form: Form) -> None:
    base = base_of(Case(5, 0, 1e1, form, mixed=False), np.random.default_rng(15))
    pathways = [Pathway((f"u{number}",), np.arange(5), np.full((5, 1), size)) for number in range(copies)]
    with pytest.raises(EngineError, match="loadings") as refused:
        version(base, pathways)
    assert refused.value.hint


@properties
@given(
    genes=st.integers(2, 15),
    rank=st.integers(1, 6),
    size=st.floats(-3.0, 3.0),
    form=st.sampled_from(FORMS),
    seed=st.integers(0, 2**32 - 1),
)
def test_a_version_inverts_its_own_covariance_for_loadings_of_every_size(
    genes: int, rank: int, size: float, form: Form, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    base = base_of(Case(genes, rank, 1e2, form, mixed=False), rng)
    deviations = base.standard_deviations()
    pathways = [scaled(drawn, 10.0**size) for drawn in random_pathways(rank, 1, deviations, rng)]
    covariance = dense_base(base) + sum(dense_term(pathway, deviations) for pathway in pathways)
    least = float(np.linalg.eigvalsh(dense_base(base))[0])
    noise = float(base.noise.min()) if isinstance(base, FactorCovariance) else least
    snapshot = version(base, pathways)
    condition = float(np.linalg.eigvalsh(covariance)[-1]) / min(least, noise)
    assert close(snapshot.precision.to_dense(), np.linalg.inv(covariance), C * EPS * condition)
    assert np.all(snapshot.precision.diagonal() > 0)


@pytest.mark.parametrize("rows_a_block", [1, 4, 1000])
@pytest.mark.parametrize("kind", ["diagonal", "dense"])
def test_a_core_answers_as_its_matrix_does(kind: str, rows_a_block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(11)
    size = 11
    monkeypatch.setattr(covariance_module, "BLOCK_BYTES", 8 * size * rows_a_block)
    core: Core
    if kind == "diagonal":
        matrix = np.diag(rng.uniform(0.1, 2.0, size))
        core, factors = Diagonal(np.diagonal(matrix).copy()), rng.standard_normal((size, 3))
    else:
        matrix = random_covariance(size, 10.0, rng)
        core, factors = Dense(ArraySource(matrix.copy())), np.empty((size, 0))
    columns = rng.standard_normal((size, 4)) * (rng.random((size, 4)) < 0.4)
    columns[3] = 0.0
    columns[[0, 4, 5, 9], range(4)] = 0.5  # each has an entry
    sparse, right = sparse_of(columns), rng.standard_normal((size, 2))
    both, known = np.hstack([factors, columns]), factors.shape[1]
    rows, others = np.array([7, 0, 7, 3]), np.array([3, 7])
    for actual, truth in (
        (core.matmat(right), matrix @ right),
        (core.block(rows, others), matrix[np.ix_(rows, others)]),
        (core.rows(rows), matrix[rows]),
        (core.diagonal(), np.diagonal(matrix)),
        (core.rows_times(rows, factors, sparse), matrix[rows] @ both),
        (core.rows_times(None, factors, sparse), matrix @ both),
        (np.tril(core.gram(factors, sparse))[known:], np.tril(both.T @ matrix @ both)[known:]),
    ):
        np.testing.assert_allclose(actual, truth, rtol=0, atol=1e-13)


def test_products_of_very_many_columns_are_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(anchor_module, "SMALL_PANEL", 0)
    base = base_of(Case(20, 0, 1e2, "factors", mixed=False), np.random.default_rng(15))
    deviations = base.standard_deviations()
    pathways = random_pathways(4, 1, deviations, np.random.default_rng(16))
    stored = expect(factor(anchor_of(base), pathways, deviations).products)
    for most, there in ((len(stored), True), (len(stored) - 1, False)):
        monkeypatch.setattr(capacitance_module, "MOST_STORED_COLUMNS", most)
        assert (factor(anchor_of(base), pathways, deviations).products is not None) == there


def expect(actual: Matrix | None) -> Matrix:
    """What must be there."""
    assert actual is not None
    return actual


def test_the_triangle_is_the_signed_factor_of_the_small_matrix_and_gives_its_inverse() -> None:
    case = Case(15, 6, 1e2, "factors", mixed=True)
    rng = np.random.default_rng(13)
    base = base_of(case, rng)
    deviations = base.standard_deviations()
    plus = random_pathways(4, 1, deviations, rng)
    most = dense_base(base) + sum(dense_term(pathway, deviations) for pathway in plus)
    minus = taking(0.5, random_pathways(3, -1, deviations, rng), most, deviations)
    assert isinstance(base, FactorCovariance)
    parts = factor(anchor_of(base), [*plus, *minus], deviations)
    columns, signs = parts.covariance_factor(), np.diag(parts.signature)
    small = signs + columns.T @ np.diag(1.0 / base.noise) @ columns
    assert parts.signature.tolist() == [1.0] * 9 + [-1.0] * 3
    assert close(parts.triangle @ signs @ parts.triangle.T, small, 1e-13)
    assert close(parts.inverse(), np.linalg.inv(small), 1e-11)
    np.testing.assert_array_equal(np.triu(parts.triangle, 1), 0.0)
