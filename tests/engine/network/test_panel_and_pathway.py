"""The gene panel and the pathways: what they answer, and what they refuse."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import pytest
from grnledger.engine.errors import InputError, NotFound, NotPositiveDefinite, ShapeError
from grnledger.engine.network.panel import Panel, is_single
from grnledger.engine.network.pathway import Pathway
from hypothesis import given, settings, strategies as st

properties = settings(max_examples=60, derandomize=True, deadline=None)

PANEL = Panel(("TP53", "MDM2", "CDKN1A", "IL6", "TNF"))


def test_a_panel_has_its_genes_in_order() -> None:
    assert len(PANEL) == 5
    assert PANEL.genes[2] == "CDKN1A"
    assert "IL6" in PANEL
    assert "il6" not in PANEL
    assert 3 not in PANEL


@pytest.mark.parametrize(
    ("genes", "indices"),
    [
        ("MDM2", [1]),
        (4, [4]),
        (np.int32(4), [4]),
        (["TNF", "TP53"], [4, 0]),
        (("IL6", "IL6"), [3, 3]),
        ([2, 0], [2, 0]),
        (np.array([2, 0]), [2, 0]),
        (np.array(["IL6"]), [3]),
        (range(2), [0, 1]),
        ((gene for gene in ("TNF",)), [4]),
        ([], []),
    ],
)
def test_genes_are_located_by_name_or_index_alone_or_several(genes: Any, indices: list[int]) -> None:
    actual = PANEL.locate(genes)
    assert actual.dtype == np.intp
    assert actual.tolist() == indices


@properties
@given(st.lists(st.text(min_size=1).filter(str.isprintable), min_size=2, unique=True), st.data())
def test_names_and_indices_are_each_others_inverse_for_any_names(genes: list[str], data: st.DataObject) -> None:
    panel = Panel(tuple(genes))
    indices = data.draw(st.lists(st.integers(0, len(genes) - 1)))
    assert panel.locate(panel.names(indices)).tolist() == indices
    assert panel.locate(indices).tolist() == indices


@pytest.mark.parametrize("index", [-1, 5, np.int64(-5)])
def test_an_index_outside_the_panel_is_refused_and_does_not_count_from_the_end(index: int) -> None:
    with pytest.raises(NotFound, match=rf"number {index} .* 0 to 4"):
        PANEL.locate(index)
    with pytest.raises(NotFound):
        PANEL.locate([0, index])


@pytest.mark.parametrize(
    ("asked", "meant"), [("tp53", "TP53"), ("TP35", "TP53"), ("CDKN1", "CDKN1A"), ("cdkn1", "CDKN1A")]
)
def test_a_gene_that_is_not_there_is_refused_with_near_spellings(asked: str, meant: str) -> None:
    with pytest.raises(NotFound, match=f"'{asked}' is not on the panel of 5 genes") as refused:
        PANEL.locate(["IL6", asked])
    assert meant in refused.value.hint


def test_a_gene_that_is_like_no_other_is_refused_without_a_guess() -> None:
    with pytest.raises(NotFound) as refused:
        PANEL.locate("ENSG00000141510")
    assert refused.value.hint == f"The panel has {', '.join(PANEL.genes)}."


@pytest.mark.parametrize(
    ("genes", "words"),
    [
        ((), "at least two genes; this one has 0"),
        (("TP53",), "at least two genes; this one has 1"),
        (("TP53", ""), "empty name"),
        (("TP53", "IL6", "TP53", "IL6", "TNF"), "2 gene names .* IL6, TP53"),
    ],
)
def test_names_that_make_no_panel_are_refused(genes: tuple[str, ...], words: str) -> None:
    with pytest.raises(InputError, match=words):
        Panel(genes)


def test_panels_of_the_same_genes_in_the_same_order_are_equal() -> None:
    assert Panel(PANEL.genes) == PANEL
    assert Panel(PANEL.genes[::-1]) != PANEL


def test_one_gene_and_a_list_of_one_have_different_shapes() -> None:
    assert is_single("TP53")
    assert is_single(0)
    assert is_single(np.int64(0))
    assert not is_single(["TP53"])
    assert not is_single(np.array([0]))


def column(*loadings: float) -> np.ndarray[Any, np.dtype[np.float64]]:
    return np.array(loadings, dtype=np.float64)[:, None]


def test_a_pathway_by_names_stands_in_panel_order() -> None:
    actual = Pathway.of(PANEL, "p53", {"TNF": -0.5, "TP53": 0.1, "CDKN1A": 0.2}, sign=-1, units="raw")
    assert actual.names == ("p53",)
    assert actual.genes.tolist() == [0, 2, 4]
    assert actual.loadings.tolist() == [[0.1], [0.2], [-0.5]]
    assert (actual.sign, actual.units, actual.covariance, actual.rank) == (-1, "raw", None, 1)
    with pytest.raises(NotFound, match="MDM4"):
        Pathway.of(PANEL, "p53", {"MDM4": 1.0})
    with pytest.raises(InputError, match="no loading other than zero"):
        Pathway.of(PANEL, "p53", {})


@properties
@given(columns=st.integers(1, 5), genes=st.integers(1, 8), size=st.floats(-3.0, 3.0), seed=st.integers(0, 2**32 - 1))
def test_the_columns_of_a_pathway_square_to_its_term(columns: int, genes: int, size: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    loadings = rng.standard_normal((genes, columns)) * 10.0**size
    root = rng.standard_normal((columns, columns))
    together = root @ root.T + np.eye(columns)
    names = tuple(f"u{number}" for number in range(columns))
    tied = Pathway(names, np.arange(genes), loadings, covariance=together)
    term = loadings @ together @ loadings.T
    np.testing.assert_allclose(tied.columns() @ tied.columns().T, term, rtol=1e-10, atol=1e-12 * np.abs(term).max())
    plain = Pathway(names, np.arange(genes), loadings)
    np.testing.assert_array_equal(plain.columns(), loadings)
    assert plain.rank == columns


def test_a_pathway_of_several_columns_is_labelled_by_all_its_names() -> None:
    assert Pathway(("p53", "MAPK"), np.array([1]), np.ones((1, 2))).label == "p53, MAPK"


def test_the_arrays_of_a_pathway_cannot_be_changed() -> None:
    actual = Pathway(("a", "b"), np.array([0, 1]), np.ones((2, 2)), covariance=np.eye(2))
    assert actual.covariance is not None
    for array in (actual.genes, actual.loadings, actual.covariance):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 1


@pytest.mark.parametrize(
    ("genes", "loadings"),
    [
        ([0, 1], np.ones((3, 1))),
        ([0, 1], np.ones((2, 2))),
        ([0, 1], np.ones(2)),
        ([1, 0], np.ones((2, 1))),
        ([1, 1], np.ones((2, 1))),
        ([-1, 1], np.ones((2, 1))),
    ],
)
def test_loadings_and_genes_that_do_not_fit_are_refused(genes: list[int], loadings: Any) -> None:
    with pytest.raises(ShapeError, match="p53"):
        Pathway(("p53",), np.array(genes, dtype=np.intp), loadings)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_a_loading_that_is_not_finite_is_refused(value: float) -> None:
    with pytest.raises(InputError, match="p53 has a loading that is not finite"):
        Pathway(("p53",), np.array([0, 1]), column(1.0, value))


def test_a_column_of_zeros_is_refused_by_its_name() -> None:
    loadings = np.array([[1.0, 0.0], [0.5, 0.0]])
    with pytest.raises(InputError, match="Pathway MAPK has no loading other than zero"):
        Pathway(("p53", "MAPK"), np.array([0, 1]), loadings)


@pytest.mark.parametrize("names", [(), ("",), ("  ",), ("p\n53",), ("a\x00",), ("same", "same")])
def test_names_that_look_alike_or_cannot_be_printed_are_refused(names: tuple[str, ...]) -> None:
    with pytest.raises(InputError):
        Pathway(names, np.array([0]), np.ones((1, len(names))))


@pytest.mark.parametrize(
    ("together", "kind"),
    [
        (np.eye(3), ShapeError),
        (np.array([[1.0, np.nan], [np.nan, 1.0]]), InputError),
        (np.array([[1.0, 0.5], [0.4, 1.0]]), InputError),
        (np.array([[1.0, 2.0], [2.0, 1.0]]), NotPositiveDefinite),
    ],
)
def test_a_pathway_covariance_that_is_none_is_refused(together: Any, kind: type[Exception]) -> None:
    with pytest.raises(kind, match="pathway covariance"):
        Pathway(("a", "b"), np.array([0]), np.ones((1, 2)), covariance=together)


@pytest.mark.parametrize("sign", [1, -1])
def test_the_sign_is_that_of_an_added_or_a_subtracted_pathway(sign: Literal[1, -1]) -> None:
    assert Pathway(("p53",), np.array([0]), column(0.5), sign).sign == sign


def test_genes_are_selected_by_slices_and_masks_and_nothing_else_passes_for_them() -> None:
    panel = Panel(("A", "B", "C"))
    assert panel.locate(slice(1, None)).tolist() == [1, 2]
    assert panel.locate(np.array([True, False, True])).tolist() == [0, 2]
    for wrong in ([True, False], np.array([True, False]), 1.5, None, b"AB", [1.5]):
        with pytest.raises(InputError, match="neither"):
            panel.locate(wrong)  # pyright: ignore[reportArgumentType]
    with pytest.raises(InputError, match="not one gene"):
        panel.index(["A", "B"])  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize(("sign", "units"), [(2, "sd"), (0, "raw"), (1, "nm")])
def test_a_pathway_has_a_sign_and_units_that_exist(sign: int, units: str) -> None:
    with pytest.raises(InputError, match=f"{sign}.*{units}"):
        Pathway(("p53",), np.array([0]), np.ones((1, 1)), sign, units)  # pyright: ignore[reportArgumentType]


def test_loadings_are_real_and_names_are_several() -> None:
    with pytest.raises(InputError, match="complex128"):
        Pathway(("p53",), np.array([0]), np.array([[1 + 2j]]))  # pyright: ignore[reportArgumentType]
    with pytest.raises(InputError, match="p53"):
        Pathway("p53", np.array([0]), np.ones((1, 1)))  # pyright: ignore[reportArgumentType]
    with pytest.raises(InputError, match="whole numbers"):
        Pathway(("p53",), np.array([0.5]), np.ones((1, 1)))  # pyright: ignore[reportArgumentType]


def test_a_gene_name_is_one_line_that_can_be_printed() -> None:
    with pytest.raises(InputError, match="cannot be printed"):
        Panel(("TP53", "MDM2\nMYC"))
