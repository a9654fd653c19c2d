"""`grn plot`: every kind writes a file of its ending; what cannot be drawn is refused before anything is computed."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

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


@pytest.fixture
def measured(grn: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A store of 12 genes by 30 samples with a pathway, an analysis, a signal and its tests, in the folder."""
    monkeypatch.chdir(tmp_path)
    genes, rng = ["$A_1$", "</text>", "N" * 60, "基因", *(f"G{number}" for number in range(8))], random.Random(1)
    shared = [rng.gauss(0, 1) for _ in range(30)]
    rows = [
        [gene, *(f"{8 + shared[sample] * (row < 6) + rng.gauss(0, 1):.4f}" for sample in range(30))]
        for row, gene in enumerate(genes)
    ]
    Path("x.tsv").write_text("\n".join("\t".join(row) for row in [["gene", *(f"s{n}" for n in range(30))], *rows]))
    Path("p.gmt").write_text("</svg>$P$\t\t" + "\t".join(genes[:5]) + "\n")
    Path("z.tsv").write_text("".join(f"{gene}\t{rng.gauss(0, 1)}\n" for gene in genes))
    assert grn("init", "s.grn", "--expression", "x.tsv", "--genes-in", "rows", "--columns", "*").code == 0
    assert grn("commit", "p.gmt").code == 0
    assert grn("nmf", "--rank", "2:3", "--restarts", 2).code == 0
    assert grn("lmm", "scan", "--pheno", "z.tsv", "--tests", "p.gmt", "-o", "scan.tsv").code == 0
    Path("sets.tsv").write_text("set\tn_used\tbeta\tse\tq\n</svg>\t5\t.3\t.1\t.01\n")
    return tmp_path


@pytest.mark.usefixtures("measured")
def test_every_kind_draws_a_store_whose_names_are_hostile(grn: Callable[..., Any]) -> None:
    kept = ["--analysis", json.loads(grn("nmf", "list", "--json").out)["analyses"][0]["id"][:8]]
    figures = {
        "network": ["--genes", "$A_1$", "--pathway", "</svg>$P$"],
        "network-changes": [],
        "history": [],
        "trace": ["--pair", "$A_1$", "</text>"],
        "support": ["--decoys", 2],
        "links": [],
        "ranks": kept,
        "modules": kept,
        "moonlighting": kept,
        "qq": ["scan.tsv"],
        "h2": ["--pheno", "z.tsv"],
        "sets": ["sets.tsv"],
    }
    for kind, arguments in figures.items():
        answer = grn("plot", kind, *arguments, "-o", "f.svg")
        assert answer.code == 0, answer.err
        assert "Glyph" not in answer.err
        content = Path("f.svg").read_text()
        assert content.count("</svg>") == 1
        ET.fromstring(content)


@pytest.mark.usefixtures("measured")
def test_a_network_is_the_same_in_another_process(monkeypatch: pytest.MonkeyPatch) -> None:
    for seed in ("1", "2"):
        monkeypatch.setenv("PYTHONHASHSEED", seed)
        monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, sys.path)))
        command = [sys.executable, "-m", "grnledger.cli", "plot", "network", "-o", f"{seed}.pdf"]
        subprocess.run(command, check=True, capture_output=True)
    assert Path("1.pdf").read_bytes() == Path("2.pdf").read_bytes()


@pytest.mark.usefixtures("store")
@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("network", "--top", 151), "--top 150 or fewer"),
        (("network", "--genes", "nobody"), "not on the panel"),
        (("ranks",), "`grn nmf` makes one"),
        (("support",), "not estimated from samples"),
        (("qq", "p.gmt"), "`grn lmm scan -o FILE.tsv`"),
    ],
)
def test_what_cannot_be_drawn_is_refused(grn: Callable[..., Any], arguments: tuple[Any, ...], sentence: str) -> None:
    answer = grn("plot", *arguments, "-o", "f.png")
    assert answer.code in (2, 3)
    assert sentence in answer.err
    assert not Path("f.png").exists()


@pytest.mark.usefixtures("store")
@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (("--dpi", "nan"), "--dpi nan is not a finite number"),
        (("--size", "100x100", "--dpi", 1200), "at most 158 dots an inch, not 1200"),
        (("--size", "100x1", "--dpi", 1200), "at most 600 dots an inch"),
        (("--size", "1x1"), "too small for its text"),
    ],
)
def test_a_figure_of_no_possible_size_is_refused(
    grn: Callable[..., Any], options: tuple[Any, ...], sentence: str
) -> None:
    answer = grn("plot", "history", "-o", "f.png", *options)
    assert answer.code == 2
    assert sentence in answer.err
    assert not Path("f.png").exists()


SETTINGS = """
text.usetex: True
font.size: 30
font.family: serif
axes.facecolor: black
figure.dpi: 300
savefig.bbox: tight
savefig.transparent: True
lines.linewidth: 9
axes.unicode_minus: False
image.cmap: gray
"""
"""What a file of settings of matplotlib may ask for, of which no figure may take anything."""


@pytest.mark.usefixtures("compiled_once")
def test_figures_do_not_obey_settings_or_variables(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, sys.path)))
    figures: list[bytes] = []
    for folder in ("plain", "odd"):
        (tmp_path / folder).mkdir()
    (tmp_path / "odd" / "matplotlibrc").write_text(SETTINGS)
    for folder, variables in (("plain", ("1", "agg")), ("odd", ("2", "nonsense"))):
        for name, value in zip(("PYTHONHASHSEED", "MPLBACKEND"), variables, strict=True):
            monkeypatch.setenv(name, value)
        command = [sys.executable, "-m", "grnledger.cli", "plot", "dirichlet", "-o", "f.svg"]
        ended = subprocess.run(command, cwd=tmp_path / folder, capture_output=True, text=True, check=False)
        assert ended.returncode == 0, ended.stderr
        figures.append((tmp_path / folder / "f.svg").read_bytes())
    assert figures[0] == figures[1]
