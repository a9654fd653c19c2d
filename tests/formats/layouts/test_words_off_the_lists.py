"""Names and titles on none of the reader's lists: what they name is read, or asked for, and never guessed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from grnledger.engine.errors import InputError
from grnledger.formats.expression.tables import read_expression_table

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

SYMBOLS = "BRCA1 ATM APC SMAD4 NOTCH1 HES1 WNT3A AXIN2 LGR5 CTNNB1 GLI1 KIT FLT3 TET2".split()  # noqa: SIM905
VALUES = np.round(np.random.default_rng(1).normal(7, 2, (14, 1)) + np.random.default_rng(2).normal(0, 0.6, (14, 5)), 2)
CONDITIONS = ["WT_1", "WT_2", "KO_1", "KO_2", "KO_3"]
GENES_OFF_THE_LISTS = {
    "Cufflinks": "XLOC_{:06d}",
    "StringTie": "STRG.{}",
    "Trinity": "TRINITY_DN{}_c0_g1",
    "tomato": "Solyc01g{:06d}.3",
    "fission yeast": "SPAC{}.05c",
    "PacBio": "PB.{}.1",
    "Mikado": "mikado.chr1G{}.1",
    "Prokka": "JHGKLMNO_{:05d}",
    "wheat": "TraesCS1A02G{:06d}",
}
SAMPLES_OFF_THE_LISTS = {
    "tissues": ["liver", "kidney", "heart", "brain", "lung"],
    "patients": ["P1", "P7", "P12", "P30", "P41"],
    "numbers": ["101", "204", "77", "350", "12"],
}


def write(path: Path, header: Sequence[object], rows: Sequence[Sequence[object]], delimiter: str = "\t") -> Path:
    path.write_text("".join(delimiter.join(map(str, row)) + "\n" for row in [header, *rows]))
    return path


def names_of(path: Path) -> tuple[list[str], list[str]] | str:
    """Return genes and samples as read, or "refused"."""
    try:
        expression, _ = read_expression_table(path)
    except InputError:
        return "refused"
    return list(expression.genes), list(expression.samples)


@pytest.mark.parametrize("transposed", [False, True])
@pytest.mark.parametrize("style", SAMPLES_OFF_THE_LISTS)
@pytest.mark.parametrize("kind", GENES_OFF_THE_LISTS)
def test_genes_of_an_assembly_are_no_samples(tmp_path: Path, kind: str, style: str, transposed: bool):
    genes = [GENES_OFF_THE_LISTS[kind].format(713 * i + 1814) for i in range(14)]
    samples = SAMPLES_OFF_THE_LISTS[style]
    names, titles, values = (samples, genes, VALUES.T) if transposed else (genes, samples, VALUES)
    path = write(tmp_path / "e", ["", *titles], [[name, *row] for name, row in zip(names, values, strict=True)])
    assert names_of(path) in ((genes, samples), "refused")


@pytest.mark.parametrize(
    "samples",
    [
        ["start", "middle", "end", "late", "dusk"],
        ["GC_1", "GC_2", "AD_1", "AD_2", "AD_3"],
        ["max", "min", "peak", "trough", "mid"],
        ["probe", "mock", "input", "score", "flow"],
        ["rank 1", "rank 2", "rank 3", "position", "control"],
    ],
)
def test_samples_called_as_annotations_are_no_annotations(tmp_path: Path, samples: list[str]):
    """Their numbers go along with those of the others, as an annotation's do not."""
    path = write(tmp_path / "e", ["gene", *samples], [[g, *row] for g, row in zip(SYMBOLS, VALUES, strict=True)])
    assert names_of(path) in ((SYMBOLS, samples), "refused")


@pytest.mark.parametrize("samples", [["no drug", "A", "B", "C", "D"], ["A", "B", "C", "day 2", "D"]])
def test_a_space_in_a_name_of_a_short_header_shifts_no_names(tmp_path: Path, samples: list[str]):
    path = write(tmp_path / "e", samples, [[g, *row] for g, row in zip(SYMBOLS, VALUES, strict=True)])
    assert names_of(path) in ((SYMBOLS, samples), "refused")


@pytest.mark.parametrize(
    "column",
    [
        {"HbA1c": [5.1, 6.2, 7.3, 5.5, 9.8]},
        {"dose mg/kg": [0, 5, 20, 5, 0]},
        {"n_reads": [23_123_412, 12_312_312, 43_123_123, 31_231_231, 21_312_312]},
        {"âge": [34, 56, 78, 23, 61]},
        {"peso": [81.2, 66.1, 50.9, 77.7, 90.3]},
        {"% mito": [3.1, 2.2, 7.7, 12.1, 5.5]},
        {"年龄": [34, 56, 78, 23, 61]},
        {"pack-years": [0, 20, 31, 5, 60]},
    ],
    ids=lambda column: next(iter(column)),
)
def test_what_describes_samples_is_no_gene(tmp_path: Path, column: dict[str, list[float]]):
    ((title, numbers),) = column.items()
    rows = [[sample, *VALUES[:, j], numbers[j]] for j, sample in enumerate(CONDITIONS)]
    path = write(tmp_path / "e", ["sample", *SYMBOLS, title], rows)
    assert names_of(path) in ((SYMBOLS, CONDITIONS), "refused")


@pytest.mark.parametrize("title", ["Tube", "样本", "Échantillon"])
def test_numbers_of_samples_beside_a_counter_are_no_gene(tmp_path: Path, title: str):
    rows = [[j, j + 1, *VALUES[:, j]] for j in range(5)]
    path = write(tmp_path / "e", ["", title, *SYMBOLS], rows)
    assert names_of(path) in ((SYMBOLS, ["1", "2", "3", "4", "5"]), "refused")


@pytest.mark.parametrize("titles", [["pLI", "LOEUF"], ["kME", "pLI", "p"], ["tau", "dN/dS"]])
def test_several_columns_that_describe_genes_are_no_samples(tmp_path: Path, titles: list[str]):
    """However many stand at one edge, they do not go along with the samples, nor with each other."""
    stream = np.random.default_rng(3)
    beside = np.round(stream.uniform(0, 1, (14, len(titles))), 3)
    rows = [[g, *row, *more] for g, row, more in zip(SYMBOLS, VALUES, beside, strict=True)]
    assert names_of(write(tmp_path / "e", ["feature", *CONDITIONS, *titles], rows)) in (
        (SYMBOLS, CONDITIONS),
        "refused",
    )


@pytest.mark.parametrize("corner", ["ORF", "TAIR", "Locus"])
def test_the_first_column_of_names_behind_a_counter_names_the_genes(tmp_path: Path, corner: str):
    genes = [f"AT1G{71 * i + 1010:05d}" for i in range(14)]
    rows = [[i, gene, f"HGNC:{7 * i + 100}", *VALUES[i]] for i, gene in enumerate(genes)]
    path = write(tmp_path / "e", ["", corner, "HGNC ID", *CONDITIONS], rows)
    assert names_of(path) in ((genes, CONDITIONS), "refused")
