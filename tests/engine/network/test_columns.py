"""Sparse columns against dense ones, and their products: the same bits by every way, whichever columns stand beside."""

from __future__ import annotations

import numpy as np
import pytest
from grnledger.engine.network import columns as columns_module
from grnledger.engine.network.columns import Columns, columns_of
from grnledger.engine.network.pathway import Pathway
from hypothesis import given, settings, strategies as st
from loadings import drawn_pathways, sparse_of
from numpy.typing import NDArray

Matrix = NDArray[np.float64]

properties = settings(max_examples=80, derandomize=True, deadline=None)


def filled(genes: int, rank: int, share: float, rng: np.random.Generator) -> Matrix:
    """A dense matrix with this share of entries, and one in each column."""
    dense = rng.standard_normal((genes, rank)) * (rng.random((genes, rank)) < share)
    dense[rng.integers(0, genes, rank), np.arange(rank)] = rng.uniform(0.5, 1.0, rank)
    return dense


def gene_by_gene(dense: Matrix) -> Matrix:
    """XᵀX summed in ascending order of the genes, by loops; the diagonal in no particular order."""
    rank = dense.shape[1]
    answer = np.zeros((rank, rank))
    for row in dense:
        for left in range(rank):
            for right in range(rank):
                answer[left, right] += row[left] * row[right]
    return answer


@properties
@given(genes=st.integers(1, 30), rank=st.integers(0, 6), seed=st.integers(0, 2**32 - 1))
def test_sparse_columns_answer_as_dense_ones_do(genes: int, rank: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    dense = rng.standard_normal((genes, rank)) * (rng.random((genes, rank)) < 0.4)
    sparse, indices = sparse_of(dense), rng.integers(0, genes, 7)
    chosen = np.flatnonzero(rng.random(rank) < 0.5)
    np.testing.assert_array_equal(sparse.rows(), dense)
    np.testing.assert_array_equal(sparse.rows(indices), dense[indices])
    np.testing.assert_array_equal(sparse.select(chosen).rows(), dense[:, chosen])
    np.testing.assert_array_equal(sparse.touched(), np.flatnonzero(np.any(dense, axis=1)))
    np.testing.assert_array_equal(sparse.scaled(2.0 * np.ones(len(sparse.genes))).rows(), 2.0 * dense)
    left, right = rng.standard_normal((rank, 3)), rng.standard_normal((genes, 3))
    np.testing.assert_allclose(sparse.times(left), dense @ left, rtol=0, atol=1e-13)
    np.testing.assert_allclose(sparse.transposed_times(right), dense.T @ right, rtol=0, atol=1e-13)
    for column in range(3):  # one column alone goes another way, to the same bits
        np.testing.assert_array_equal(sparse.times(left[:, [column]]), sparse.times(left)[:, [column]])
        np.testing.assert_array_equal(
            sparse.transposed_times(right[:, [column]]), sparse.transposed_times(right)[:, [column]]
        )


@properties
@given(
    genes=st.integers(1, 30),
    rank=st.integers(0, 7),
    share=st.sampled_from([0.0, 0.1, 0.5, 1.0]),
    seed=st.integers(0, 2**32 - 1),
)
def test_products_of_pairs_are_summed_gene_by_gene_and_those_of_rows_have_the_same_bits(
    genes: int, rank: int, share: float, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    dense = filled(genes, rank, share, rng)
    sparse, first = sparse_of(dense), int(rng.integers(0, 3))
    lower = np.tril_indices(rank, -1)
    gram = sparse.gram(first)
    assert gram.shape == (first + rank, first + rank)
    np.testing.assert_array_equal(gram[:first], 0.0)
    np.testing.assert_array_equal(gram[:, :first], 0.0)
    inner = gram[first:, first:]
    np.testing.assert_array_equal(inner[lower], gene_by_gene(dense)[lower])
    np.testing.assert_allclose(np.diagonal(inner), np.sum(np.square(dense), axis=0), rtol=1e-14, atol=0)
    whole = np.tril(inner) + np.tril(inner, -1).T
    which = np.flatnonzero(rng.random(rank) < 0.5)
    np.testing.assert_array_equal(sparse.gram_rows(which), whole[which])
    with pytest.MonkeyPatch.context() as patch:  # by a sparse product of SciPy's
        patch.setattr(columns_module, "FEW_PRODUCTS", -1)
        np.testing.assert_array_equal(np.tril(sparse.gram(first)), np.tril(gram))
        np.testing.assert_array_equal(sparse.gram_rows(which), whole[which])


@pytest.mark.parametrize("factors", [0, 1, 3, 64, 65, 200])
def test_a_product_with_a_factor_has_the_same_bits_whichever_other_columns_there_are(
    factors: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = np.random.default_rng([3, factors])
    dense, right = filled(300, 11, 0.3, rng), rng.standard_normal((300, factors))
    sparse = sparse_of(dense)
    whole = sparse.factor_products(right)
    np.testing.assert_allclose(whole, dense.T @ right, rtol=0, atol=1e-12)
    for chosen in ([0], [4, 5], [1, 2, 9, 10]):
        np.testing.assert_array_equal(sparse.select(np.array(chosen)).factor_products(right), whole[chosen])
    for few in (1, 500, 5_000):  # some columns at a time
        monkeypatch.setattr(columns_module, "FEW_VALUES", few)
        np.testing.assert_array_equal(sparse.factor_products(right), whole)


@pytest.mark.parametrize("least", [0, 1_000])
def test_the_entries_near_some_genes_are_those_of_these_genes(least: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(columns_module, "SPARSE_PANEL", least)  # by a search, or by marks
    dense = filled(40, 6, 0.3, np.random.default_rng(4))
    sparse = sparse_of(dense)
    for genes in ([], [0], [39], [3, 3, 17, 5], list(range(40))):
        wanted = np.array(genes, dtype=np.intp)
        near = sparse.near(wanted)
        expected = np.zeros_like(dense)
        expected[wanted] = dense[wanted]
        np.testing.assert_array_equal(near.rows(), expected)
        assert (near.shape, len(near.genes)) == (sparse.shape, np.count_nonzero(expected))


def test_the_columns_of_pathways_are_in_units_of_the_expression() -> None:
    rng = np.random.default_rng(5)
    deviations = rng.uniform(0.5, 2.0, 30)
    pathways = drawn_pathways(13, 30, 5, seed=6)
    expected: list[Matrix] = []
    for pathway in pathways:
        whole = np.zeros((30, pathway.rank))
        scale = np.ones(30) if pathway.units == "raw" else deviations
        whole[pathway.genes] = pathway.columns() * scale[pathway.genes, None]
        expected.append(whole)
    columns = columns_of(pathways, deviations)
    np.testing.assert_array_equal(columns.rows(), np.hstack(expected))
    assert {pathway.units for pathway in pathways} == {"raw", "sd"}
    assert {pathway.rank for pathway in pathways} == {1, 2}
    none = columns_of([], deviations)
    assert none.shape == (30, 0)
    assert none.gram(2).shape == (2, 2)
    assert none.factor_products(np.ones((30, 3))).shape == (0, 3)


def test_columns_of_pathways_do_not_share_memory_with_them() -> None:
    pathway = Pathway(("p53",), np.array([1, 4]), np.array([[0.5], [1.0]]), units="raw")
    columns = columns_of([pathway], np.ones(6))
    assert isinstance(columns, Columns)
    assert not np.shares_memory(columns.values, pathway.loadings)
