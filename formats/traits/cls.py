"""GSEA's `.cls` files: one label a sample, in the order of the expression, joined to names by one of two rules."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, get_args

from ...engine.choices import LabelOrder
from ...engine.errors import InputError, check_choice
from ...engine.wording import counted, some
from ..files.opening import open_text
from ..tables.fields import is_number
from .labels import Labels

if TYPE_CHECKING:
    from pathlib import Path

VALUE = "By the value of the label, as GenePattern reads it"
"""How labels that are names or numbers are joined to the names of line 2."""


def read_cls(path: Path, samples: tuple[str, ...], *, label_order: LabelOrder | None = None) -> Labels:
    """Return the labels of a `.cls` file.

    Parameters
    ----------
    path : Path
        Three lines: `16 2 1`, the number of samples and of classes; `# UP DN`, the names of the classes; the labels.
    samples : tuple of str
        The samples in the order of the expression.
    label_order : {"appearance", "value"}, optional
        How labels are joined to names, in the order in which they appear or by what they say; asked for where the two
        differ.

    Raises
    ------
    InputError
        It is no such file, its counts are not those of its first line, or both orders are possible and differ.
    """
    if label_order is not None:
        check_choice("order of labels", label_order, get_args(LabelOrder))
    lines = _read_lines(path)
    size, classes = _read_counts(path, lines[0])
    names = lines[1].lstrip("#").split()
    if len(names) != classes and "\t" in lines[1].strip():  # names of several words
        names = [name.strip() for name in lines[1].lstrip("#").split("\t") if name.strip()]
    labels = lines[2].split()
    _check_counts(path, size, classes, names, labels)
    if len(labels) != len(samples):
        raise InputError(
            f"{path} has {counted(len(labels), 'label')} and no names: they go by the order of the samples of one "
            f"expression, and this one has {counted(len(samples), 'sample')} ({some(samples, 3)}).",
            code="labels-of-other-expression",
        )
    by_appearance = dict(zip(dict.fromkeys(labels), names, strict=True))
    by_value, way = _names_by_value(path, list(by_appearance), names)
    if label_order is None and by_value != by_appearance:
        raise InputError(
            f"{path} can be read in two ways. In the order in which labels appear, as GSEA reads it: "
            f"{_described(by_appearance)}. {way}: {_described(by_value)}.",
            code="label-order-ambiguous",
        )
    name_of = by_value if label_order == "value" else by_appearance
    notes = () if all(label == name for label, name in name_of.items()) else (_note(path, name_of, labels),)
    return Labels(dict(zip(samples, (name_of[label] for label in labels), strict=True)), notes)


def _read_lines(path: Path) -> list[str]:
    with open_text(path) as stream:
        lines = [line.strip("\r\n ") for line in stream if line.strip()]
    if lines and lines[0].lower().startswith("#numeric"):
        raise InputError(
            f"{path} holds numbers, not labels: a continuous phenotype has no two groups.",
            hint="Compare groups, or fit the numbers as a signal over samples: a table of sample and number.",
        )
    if len(lines) != 3 or not lines[1].startswith("#"):
        raise InputError(
            f"{path} is not a .cls file: it has {counted(len(lines), 'line')}, and such a file has three, the second "
            "beginning with #.",
            hint="A table of two columns, sample and label, works as well.",
        )
    return lines


def _read_counts(path: Path, line: str) -> tuple[int, int]:
    fields = line.split()
    if len(fields) not in (2, 3) or not all(field.isdecimal() for field in fields):
        raise InputError(
            f"{path} is not a .cls file: its first line is '{some([' '.join(line.split())], 1)}'.",
            hint="It has the number of samples, the number of classes, and 1.",
        )
    return int(fields[0]), int(fields[1])


def _check_counts(path: Path, size: int, classes: int, names: list[str], labels: list[str]) -> None:
    different = len(set(labels))
    for line, what, claimed, count in (
        (3, "label", size, len(labels)),
        (2, "class", classes, len(names)),
        (3, "different label", classes, different),
    ):
        if count != claimed:
            plural = "classes" if what == "class" else ""
            raise InputError(
                f"{path}: line {line} has {counted(count, what, plural)}, and line 1 says {claimed:,}.",
                hint="Lines 1, 2 and 3 must agree; or give a table of two columns, sample and label.",
            )
    if len(set(names)) < len(names):
        raise InputError(f"{path}: two classes have one name: {some(names)}.", hint="Give each class its own name.")


def _names_by_value(path: Path, labels: list[str], names: list[str]) -> tuple[dict[str, str], str]:
    """Return the name of each label by what the label says, and in words how: as a name, a number, or a short form.

    Labels that are like no name are joined to names in the order of the alphabet.
    """
    by_letters = {name.casefold(): name for name in names}
    known = [label for label in labels if label.casefold() in by_letters]
    if len(by_letters) == len(names) and len(known) == len(labels):
        return {label: by_letters[label.casefold()] for label in labels}, VALUE
    if all(is_number(label) for label in labels):
        return dict(zip(sorted(labels, key=float), names, strict=True)), VALUE
    if known:
        raise InputError(
            f"{path}: some labels are names of line 2 ({some(known)}), and others are not "
            f"({some([label for label in labels if label not in known])}).",
            hint="Write the labels as line 2 has them.",
        )
    if short := _short_forms(labels, names):
        return short, "By their letters"
    return dict(zip(sorted(labels), names, strict=True)), "In the order of the alphabet"


def _short_forms(labels: list[str], names: list[str]) -> dict[str, str] | None:
    """Return the name that each label is short for, one to one; the last one left is the name that is left.

    `None` where no label is like a name, or one is like several.
    """
    like = {label: [name for name in names if _is_like(label, name)] for label in labels}
    name_of = {label: alike[0] for label, alike in like.items() if len(alike) == 1}
    if not name_of or len(set(name_of.values())) < len(name_of) or any(len(alike) > 1 for alike in like.values()):
        return None
    left = [label for label in labels if label not in name_of]
    if len(left) > 1:
        return None
    name_of |= dict(zip(left, [name for name in names if name not in name_of.values()], strict=True))
    return {label: name_of[label] for label in labels}


def _is_like(label: str, name: str) -> bool:
    """Whether the letters of one are in the other in their order, the first among them: C, ctl and Control."""
    short, long = sorted(("".join(filter(str.isalnum, text)).casefold() for text in (label, name)), key=len)
    letters = iter(long)
    return bool(short) and short[0] == long[0] and all(letter in letters for letter in short)


def _described(name_of: dict[str, str]) -> str:
    return some([f"{label} is {name}" for label, name in name_of.items()])


def _note(path: Path, name_of: dict[str, str], labels: list[str]) -> str:
    numbers = Counter(labels)
    read = [f"{label} is {name} ({counted(numbers[label], 'sample')})" for label, name in name_of.items()]
    return f"{path.name}: {some(read, 10)}."
