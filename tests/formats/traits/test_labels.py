"""Which column of a table has the labels, and what is no label."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from grnledger.engine.errors import InputError
from grnledger.formats.traits.covariates import read_covariates
from grnledger.formats.traits.labels import read_labels, refuse_missing_groups

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

SAMPLES = tuple(f"S{index:02d}" for index in range(12))
GROUPS = tuple("tumor" if index % 3 else "normal" for index in range(12))
GROUP_OF = dict(zip(SAMPLES, GROUPS, strict=True))
CONTRAST = ("tumor", "normal")


def write(tmp_path: Path, header: str, *columns: Sequence[object], more: str = "") -> Path:
    path = tmp_path / "l.csv"
    rows = [",".join(map(str, row)) for row in zip(SAMPLES, *columns, strict=True)]
    path.write_text("\n".join([header, *rows]) + "\n" + more)
    return path


OTHER_COLUMNS: dict[str, tuple[str, list[object]]] = {
    "pairs": ("patient", [f"P{index // 2}" for index in range(12)]),
    "colours": ("color", ["#FF0000" if group == "tumor" else "#0000FF" for group in GROUPS]),
    "sexes": ("sex", ["F", "M"] * 6),
    "codes": ("code", [int(group == "tumor") for group in GROUPS]),
    "batches": ("batch", ["b1", "b2", "b3"] * 4),
}


@pytest.mark.parametrize("which", OTHER_COLUMNS)
@pytest.mark.parametrize("is_first", [True, False])
def test_the_only_column_with_both_groups_has_the_labels(tmp_path: Path, which: str, is_first: bool) -> None:
    title, fields = OTHER_COLUMNS[which]
    path = write(tmp_path, f"sample,{title},group", fields, GROUPS)
    path = path if is_first else write(tmp_path, f"sample,group,{title}", GROUPS, fields)
    labels = read_labels(path, SAMPLES, groups=CONTRAST)
    assert labels.label_of == GROUP_OF
    assert labels.notes[-1] == "l.csv: labels are those of the column group, the only one with tumor and normal."
    with pytest.raises(InputError, match="labels are one of them"):
        read_labels(path, SAMPLES)


def test_two_columns_with_both_groups_are_asked_about(tmp_path: Path) -> None:
    path = write(tmp_path, "sample,group,biopsy", GROUPS, GROUPS[::-1])
    with pytest.raises(InputError, match=r"labels are one of them: group .*, biopsy") as refusal:
        read_labels(path, SAMPLES, groups=CONTRAST)
    assert refusal.value.code == "label-column-ambiguous"


@pytest.mark.parametrize("title", ["strandedness", "batch", "Lane", "color", "library layout"])
def test_how_samples_were_measured_is_no_label_unless_named(tmp_path: Path, title: str) -> None:
    files = [f"/d/{name}.fastq.gz" for name in SAMPLES]
    path = write(tmp_path, f"sample,fastq_1,{title}", files, GROUPS)
    for groups in (None, CONTRAST):
        with pytest.raises(InputError, match=f"{title} .normal, tumor.; by title that tells how samples were measured"):
            read_labels(path, SAMPLES, groups=groups)
    assert read_labels(path, SAMPLES, label_column=title).label_of == GROUP_OF


def test_a_row_of_totals_makes_no_groups(tmp_path: Path) -> None:
    path = write(tmp_path, "sample,group,n", GROUPS, [1] * 12, more="Total,,12\n")
    assert read_labels(path, SAMPLES).label_of == GROUP_OF


def test_a_design_of_zeros_and_ones_is_read_by_its_titles(tmp_path: Path) -> None:
    ones = [int(group == "tumor") for group in GROUPS]
    path = write(tmp_path, "sample,normal,tumor", [1 - one for one in ones], ones)
    for groups in (None, CONTRAST):
        labels = read_labels(path, SAMPLES, groups=groups)
        assert labels.label_of == GROUP_OF
        assert "the label is the title of the column that has 1 in a row" in labels.notes[-1]
    with pytest.raises(InputError, match="labels are one of them"):
        read_labels(path, SAMPLES, groups=("1", "0"))
    with pytest.raises(InputError, match="labels are one of them"):
        read_labels(write(tmp_path, "sample,normal,tumor", ones, ones), SAMPLES)


REGIONS = ["NA", "EU", "AS"] * 4


def test_na_is_said_to_be_no_label_and_can_be_one(tmp_path: Path) -> None:
    path = write(tmp_path, "sample,region", REGIONS)
    labels = read_labels(path, SAMPLES)
    assert "NA" not in labels.label_of.values()
    assert labels.notes == ("l.csv: 4 samples have no label, but NA.",)
    refuse_missing_groups(path, labels, ("EU", "AS"))
    with pytest.raises(InputError, match=r"NA is read as no label .4 samples., and the contrast names it") as refusal:
        refuse_missing_groups(path, labels, ("NA", "EU"))
    assert refusal.value.code == "label-read-as-missing"
    named = read_labels(path, SAMPLES, missing_values=())
    assert [named.label_of[name] for name in SAMPLES] == REGIONS
    assert read_labels(path, SAMPLES, missing_values=("AS",)).label_of.keys() == set(SAMPLES[1::3])


@pytest.mark.parametrize(
    ("fields", "is_asked"),
    [
        (REGIONS, True),
        (["na", "eu", "as"] * 4, True),
        (["F", "M", "NA"] * 4, False),
        (["tumor", "normal", "NA"] * 4, False),
        (["EU", "NA", "Asia"] * 4, False),
        (["EU", "AS", ""] * 4, False),
    ],
)
def test_na_among_groups_of_two_letters_is_asked_about_in_covariates(
    tmp_path: Path, fields: list[str], is_asked: bool
) -> None:
    path = write(tmp_path, "sample,region", fields)
    if not is_asked:
        read_covariates(path)
        return
    with pytest.raises(InputError, match="4 values of region are") as refusal:
        read_covariates(path)
    assert refusal.value.code == "missing-or-name"
    code = str(refusal.value.facts["value"])
    assert len(read_covariates(path, missing_values=()).names) == 2
    assert read_covariates(path, missing_values=(code,)).names == (f"region={fields[1]}",)


def test_labels_on_the_first_row_of_a_block_are_refused(tmp_path: Path) -> None:
    rows = [f"{'Control' if i == 0 else 'Case' if i == 4 else ''},S{i}" for i in range(8)]
    (tmp_path / "l.csv").write_text("Group,Sample\n" + "\n".join(rows) + "\n")
    with pytest.raises(InputError, match=r"labels stand on 2 rows alone \(Control, Case\)"):
        read_labels(tmp_path / "l.csv", tuple(f"S{i}" for i in range(8)))


def test_samples_without_a_label_are_counted(tmp_path: Path) -> None:
    rows = [f"S{i},{'' if i == 3 else 'ab'[i % 2]}" for i in range(8)]
    (tmp_path / "l.csv").write_text("Sample,Group\n" + "\n".join(rows) + "\n")
    labels = read_labels(tmp_path / "l.csv", tuple(f"S{i}" for i in range(8)))
    assert len(labels.label_of) == 7
    assert "l.csv: 1 sample has no label." in labels.notes
