"""`grn plot` of matrices, distributions, changes and times: files of all endings, the same bytes, clear refusals."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

import grnledger
import numpy as np
import pytest
from grnledger.analysis.nmf.run import modules_of
from grnledger.views.plot.kinds import KINDS
from grnledger.views.plot.write import figure_of, render
from picture_store import STRONGER, make_store

if TYPE_CHECKING:
    from collections.abc import Callable

SIGNATURES = {"svg": b"<?xml", "png": b"\x89PNG", "pdf": b"%PDF"}

FIGURES: dict[str, tuple[str, ...]] = {
    "loadings": ("--part", "all", "--top", "15"),
    "common-covariance": ("--genes", "@genes.txt"),
    "decomposition": ("--pathway", STRONGER, "--at", "v1"),
    "covariance": ("--genes", "$A_1$,G08,G12"),
    "correlation": ("--top", "20"),
    "partial-correlation": (),
    "spectrum": ("--at", "v0"),
    "rho-histogram": ("v0..HEAD", "--threshold", "0.1"),
    "memberships": ("--at", "v1"),
    "dirichlet": ("--alpha", ".5,2", "--modules", "3", "--seed", "7"),
    "changes": ("v0..HEAD", "--top", "50", "--rank-by", "rho"),
    "woodbury": ("times.tsv",),
}
"""Of each kind that is tested here, its arguments."""

TIMES = (
    "# a machine\np\tcommit_us\tfirst_question_us\twoodbury_us\tinv_us\n50\t100\t120\t10\t50\n100\t101\t130\t20\t200\n"
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a store of hostile names and an analysis of its v1, a list of genes and a table of times."""
    place = tmp_path_factory.mktemp("figures")
    modules_of(make_store(place / "s.grn"), "v1", ranks=(2, 2), restarts=1)
    (place / "genes.txt").write_text("G10\n$A_1$\n%s{0}\nG09\n", encoding="utf-8")
    (place / "times.tsv").write_text(TIMES, encoding="utf-8")
    return place


@pytest.fixture
def here(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(folder)
    return folder


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize("kind", FIGURES)
def test_every_kind_is_written_in_all_endings(grn: Callable[..., Any], kind: str) -> None:
    for form, signature in SIGNATURES.items():
        answer = grn("plot", kind, *FIGURES[kind], "--dpi", 60, "-o", f"{kind}.{form}", "--json")
        assert answer.code == 0, answer.err
        assert answer.err == ""
        content = Path(f"{kind}.{form}").read_bytes()
        assert content.startswith(signature)
        assert (answer.json["kind"], answer.json["bytes"]) == (kind, len(content))
    svg = ET.parse(f"{kind}.svg").getroot()
    assert {part.tag.partition("}")[2] for part in svg.iter()}.isdisjoint({"script", "foreignObject", "a"})


def test_every_kind_stands_in_a_test_of_the_command() -> None:
    tests = "".join(path.read_text(encoding="utf-8") for path in Path(__file__).parent.glob("test_plot*.py"))
    assert [kind for kind in KINDS if f'"{kind}"' not in tests] == []


SCRIPT = """
import pathlib
from grnledger import plot, open
from grnledger.views.plot.write import figure_of, render
repo = open("s.grn")
for kind, subject in {"partial-correlation": ["HEAD"], "changes": ["v0", "HEAD"]}.items():
    figure = figure_of(kind, plot.values(kind, repo, *subject))
    for form in ("png", "svg", "pdf"):
        pathlib.Path(f"SEED-{kind}.{form}").write_bytes(render(figure, form))
"""


def test_the_bytes_are_the_same_in_another_process(here: Path) -> None:
    written: list[dict[str, bytes]] = []
    for seed in ("1", "2"):
        path = os.pathsep.join(filter(None, sys.path))
        environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": path}
        script = SCRIPT.replace("SEED", seed)
        subprocess.run([sys.executable, "-c", script], env=environment, cwd=here, check=True)
        written.append({file.name[2:]: file.read_bytes() for file in here.glob(f"{seed}-*")})
    assert len(written[0]) == 6
    assert written[0] == written[1]


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize(
    ("arguments", "sentences"),
    [
        (("correlation", "--top", 401), ("at most 400 genes, and 401", "--top 400")),
        (("correlation", "--genes", "NOWHERE,G12"), ("Gene 'NOWHERE' is not on the panel",)),
        (("correlation", "--genes", ","), ("No gene is named",)),
        (("correlation", "--genes", "@nowhere.txt"), ("nowhere.txt",)),
        (("covariance", "--genes", "G12", "--pathway", STRONGER), ("not by both",)),
        (("covariance", "--pathway", "P"), ("No pathway 'P' is active in v2", "grn show")),
        (("loadings", "--part", "pathways", "--at", "v0"), ("v0 has no loadings", "grn commit")),
        (("changes", "v0..v1", "--top", 51), ("at most 50 changes", "--top 50")),
        (("rho-histogram", "v0..v1", "--threshold", 0.1, "--top", 3), ("not by both",)),
        (("rho-histogram", "v0..v1", "--threshold", 2), ("above 0 and at most at 1", "--top")),
        (("memberships", "--at", "v0"), ("no NMF analysis of v0", "grn nmf")),
        (("memberships", "--analysis", "abcdef"), ("no analysis 'abcdef'", "grn nmf list")),
        (("dirichlet", "--alpha", "1,x"), ("'1,x' is not a list of numbers",)),
        (("dirichlet", "--alpha", "0"), ("concentration of 0.001",)),
        (("dirichlet", "--modules", "1"), ("--modules",)),
        (("woodbury", "genes.txt"), ("genes.txt", "benchmarks/woodbury.py --output")),
        (("woodbury", "nowhere.tsv"), ("nowhere.tsv",)),
    ],
)
def test_what_cannot_be_drawn_is_refused_with_a_way_out(
    grn: Callable[..., Any], arguments: tuple[Any, ...], sentences: tuple[str, ...]
) -> None:
    answer = grn("plot", *arguments, "-o", "refused.png")
    assert answer.code in (2, 3)
    assert [sentence for sentence in sentences if sentence not in answer.err] == []
    assert not Path("refused.png").exists()


def test_a_dense_base_has_no_factors_to_draw(
    grn: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    grnledger.init("s.grn", covariance=np.diag([1.0, 2.0]), genes=["A", "B"])
    answer = grn("plot", "decomposition", "-o", "f.png")
    assert answer.code == 2
    assert "`grn plot covariance` draws it as it is" in answer.err


def test_a_panel_of_thousands_is_drawn_by_a_few_of_its_genes(tmp_path: Path) -> None:
    """Nothing p × p is formed: 72 MB for 3,000 genes."""
    model = grnledger.engine.simulate_factor_model(3_000, 4, seed=2)
    repo = grnledger.init(tmp_path / "s.grn", factor_model=model, genes=[f"G{number}" for number in range(3_000)])
    for kind in ("correlation", "decomposition", "loadings"):
        value = grnledger.plot.values(kind, repo, "v0")
        assert len(render(figure_of(kind, value), "svg")) < 500_000


def test_the_help_loads_neither_numbers_nor_matplotlib() -> None:
    script = (
        "import sys, contextlib, io, grnledger\n"
        "from grnledger.cli.main import main\n"
        "for words in ([], ['changes'], ['loadings'], ['dirichlet']):\n"
        "    with contextlib.suppress(SystemExit), contextlib.redirect_stdout(io.StringIO()):\n"
        "        main(['plot', *words, '--help'])\n"
        "print({'numpy', 'scipy', 'h5py', 'matplotlib'} & set(sys.modules))\n"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    done = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"
