"""`grn plot`: every kind writes a file of its ending; what cannot be drawn is refused before anything is computed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

SIGNATURES = {"png": b"\x89PNG", "svg": b"<?xml", "pdf": b"%PDF"}


@pytest.fixture
def store(grn: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A store of 20 genes with one pathway on its base, in the working directory."""
    monkeypatch.chdir(tmp_path)
    grn("simulate", "--genes", 20, "--factors", 2, "-o", "model.npz")
    grn("init", "s.grn", "--factor-model", "model.npz")
    Path("p.gmt").write_text("P\t\tG01\tG02\tG03\n")
    grn("commit", "p.gmt")
    return tmp_path / "s.grn"


@pytest.mark.usefixtures("store")
@pytest.mark.parametrize("form", SIGNATURES)
def test_a_figure_is_a_file_of_its_ending_and_the_same_each_time(grn: Callable[..., Any], form: str) -> None:
    for name in ("a", "b"):
        answer = grn("plot", "changes", "--top", 5, "-o", f"{name}.{form}", "--json")
        assert answer.code == 0, answer.err
    fields = json.loads(answer.out)
    assert (fields["from"]["version"], fields["to"]["version"], fields["kind"]) == ("v0", "v1", "changes")
    content = Path(f"a.{form}").read_bytes()
    assert content.startswith(SIGNATURES[form])
    assert content == Path(f"b.{form}").read_bytes()


@pytest.mark.usefixtures("store")
@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (("-o", "f.jpeg"), "f.jpeg has an ending that is not known: '.jpeg'."),
        (("-o", "f.png", "--size", "wide"), "'wide' is no width and height of 1 to 100 inches"),
        (("-o", "f.png", "--dpi", "5"), "--dpi"),
        (("-o", "nowhere/f.png"), "nowhere"),
    ],
)
def test_what_cannot_be_written_is_refused(grn: Callable[..., Any], options: tuple[str, ...], sentence: str) -> None:
    answer = grn("plot", "changes", *options)
    assert answer.code in (2, 3)
    assert sentence in answer.err
