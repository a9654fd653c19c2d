"""Labels in `.cls` files: joined to names by appearance or by value, and refused where the two differ."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from grnledger.engine.errors import InputError
from grnledger.formats.traits.labels import read_labels

if TYPE_CHECKING:
    from pathlib import Path

SAMPLES = tuple(f"s{index}" for index in range(6))


def write(tmp_path: Path, labels: str, names: str = "# UP DN", first: str = "6 2 1") -> Path:
    path = tmp_path / "c.cls"
    path.write_text(f"{first}\n{names}\n{labels}\n")
    return path


@pytest.mark.parametrize(
    ("labels", "names", "up"),
    [
        ("0 0 1 1 0 1", "# UP DN", (0, 1, 4)),
        ("1 1 2 2 1 2", "# UP DN", (0, 1, 4)),
        ("UP DN UP DN UP DN", "# UP DN", (0, 2, 4)),
        ("up dn up dn up dn", "#UP DN", (0, 2, 4)),
        ("a a b b a b", "# UP DN", (0, 1, 4)),
        ("U U D D U D", "# UP DN", (0, 1, 4)),
        ("up1 up1 x x up1 x", "# UP DN", (0, 1, 4)),
        ("0\t0\t1\t1\t0\t1", "#\tUP\tDN", (0, 1, 4)),
        ("10 10 20 20 10 20", "# UP DN", (0, 1, 4)),
    ],
)
def test_one_reading_is_taken(tmp_path: Path, labels: str, names: str, up: tuple[int, ...]) -> None:
    table = read_labels(write(tmp_path, labels, names), SAMPLES)
    assert [name for name, label in table.label_of.items() if label == "UP"] == [SAMPLES[index] for index in up]


@pytest.mark.parametrize(
    "labels", ["1 1 1 0 0 0", "2 2 2 1 1 1", "DN DN DN UP UP UP", "dn dn dn up up up", "9 9 9 3 3 3"]
)
def test_two_readings_that_differ_are_refused_and_each_can_be_chosen(tmp_path: Path, labels: str) -> None:
    path = write(tmp_path, labels)
    with pytest.raises(InputError, match=r"two ways.*GSEA.* is UP.*GenePattern.* is UP") as refusal:
        read_labels(path, SAMPLES)
    assert refusal.value.code == "label-order-ambiguous"
    gsea = read_labels(path, SAMPLES, label_order="appearance")
    assert [gsea.label_of[name] for name in SAMPLES] == ["UP"] * 3 + ["DN"] * 3
    value = read_labels(path, SAMPLES, label_order="value")
    assert [value.label_of[name] for name in SAMPLES] == ["DN"] * 3 + ["UP"] * 3
    assert "(3 samples)" in gsea.notes[0]


@pytest.mark.parametrize(
    ("labels", "names", "way", "value"),
    [
        ("C C C T T T", "# Tumour Control", "By their letters: C is Control, T is Tumour", "Control"),
        ("ctl ctl ctl trt trt trt", "# Treated Control", "By their letters: ctl is Control", "Control"),
        ("NR NR NR R R R", "# Responder NonResponder", "By their letters: NR is NonResponder", "NonResponder"),
        ("h h h x x x", "# Sick Healthy", "By their letters: h is Healthy, x is Sick", "Healthy"),
        ("b b b a a a", "# Tumour Control", "In the order of the alphabet: a is Tumour, b is Control", "Control"),
    ],
)
def test_labels_that_are_like_another_name_than_that_of_their_order_are_asked_about(
    tmp_path: Path, labels: str, names: str, way: str, value: str
) -> None:
    path = write(tmp_path, labels, names)
    with pytest.raises(InputError, match=f"two ways.*GSEA.*{way}") as refusal:
        read_labels(path, SAMPLES)
    assert refusal.value.code == "label-order-ambiguous"
    assert read_labels(path, SAMPLES, label_order="value").label_of["s0"] == value
    assert read_labels(path, SAMPLES, label_order="appearance").label_of["s0"] == names.split()[1]


def test_three_classes_are_joined_by_value_too(tmp_path: Path) -> None:
    path = write(tmp_path, "2 0 1 2 0 1", "# A B C", "6 3 1")
    table = read_labels(path, SAMPLES, label_order="value")
    assert [table.label_of[name] for name in SAMPLES] == ["C", "A", "B"] * 2
    table = read_labels(path, SAMPLES, label_order="appearance")
    assert [table.label_of[name] for name in SAMPLES] == ["A", "B", "C"] * 2


def test_names_of_several_words_are_separated_by_tabs(tmp_path: Path) -> None:
    table = read_labels(write(tmp_path, "0 0 1 1 0 1", "#\thigh risk\tlow risk"), SAMPLES)
    assert table.label_of["s0"] == "high risk"


@pytest.mark.parametrize(
    ("labels", "names", "first", "message"),
    [
        ("0 0 1 1 0 1", "# UP DN", "7 2 1", "line 3 has 6 labels, and line 1 says 7"),
        ("0 0 1 1 0 1", "# UP DN X", "6 2 1", "line 2 has 3 classes, and line 1 says 2"),
        ("0 0 2 1 0 1", "# UP DN", "6 2 1", "line 3 has 3 different labels, and line 1 says 2"),
        ("0 0 0 0 0 0", "# UP DN", "6 2 1", "line 3 has 1 different label, and line 1 says 2"),
        ("0 0 1 1 0", "# UP DN", "5 2 1", "5 labels and no names: .* this one has 6 samples .s0, s1, s2, …."),
        ("0 0 1 1 0 1", "# UP UP", "6 2 1", "two classes have one name"),
        ("0 0 1 1 0 1", "UP DN", "6 2 1", "is not a .cls file"),
        ("0 0 1 1 0 1", "# UP DN", "six 2 1", "is not a .cls file: its first line"),
        ("0 0 1\n1 0 1", "# UP DN", "6 2 1", "is not a .cls file: it has 4 lines"),
        ("UP UP x x UP x", "# UP DN", "6 2 1", "some labels are names of line 2"),
        ("1.5 2 3 4 5 6", "#Gene", "#numeric", "holds numbers, not labels"),
    ],
)
def test_files_whose_lines_do_not_agree_are_refused(
    tmp_path: Path, labels: str, names: str, first: str, message: str
) -> None:
    with pytest.raises(InputError, match=message):
        read_labels(write(tmp_path, labels, names, first), SAMPLES)


def test_an_order_is_for_cls_files(tmp_path: Path) -> None:
    (tmp_path / "l.tsv").write_text("s0\tUP\ns1\tDN\n")
    with pytest.raises(InputError, match=r"for a \.cls file"):
        read_labels(tmp_path / "l.tsv", SAMPLES, label_order="value")
    with pytest.raises(InputError, match="no order of labels 'first'"):
        read_labels(write(tmp_path, "0 0 1 1 0 1"), SAMPLES, label_order="first")


def test_labels_in_a_file_of_plink_go_by_iid(tmp_path: Path) -> None:
    (tmp_path / "l.txt").write_text("FID IID group\n" + "".join(f"0 {name} A\n" for name in SAMPLES))
    assert dict(read_labels(tmp_path / "l.txt", SAMPLES).label_of) == dict.fromkeys(SAMPLES, "A")
