"""The examples run: notebooks from top to bottom, the pipeline to its last file; the site builds without a warning.

Each needs what its extra brings: `pip install ".[examples,docs]"`. Without that it skips.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "examples"
BIN = Path(sys.executable).parent
CELLS = ROOT.parent / "shared" / "data" / "pbmc68k_reduced.h5ad"

pytestmark = pytest.mark.filterwarnings("default")  # of the kernel's libraries


def environment(**more: str) -> dict[str, str]:
    """Return the environment of a process that finds this `grn` first."""
    path = os.pathsep.join([str(BIN), os.environ["PATH"]])
    return {**os.environ, "PATH": path, "MPLBACKEND": "agg", **more}


def run(command: list[object], **options: object) -> subprocess.CompletedProcess[str]:
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False, **options)  # type: ignore[call-overload]
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done


@pytest.mark.parametrize("name", ["pathway", "cell_types"])
def test_a_notebook_runs_and_shows_tables_and_a_figure(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    nbclient = pytest.importorskip("nbclient")
    nbformat = pytest.importorskip("nbformat")
    pytest.importorskip("ipykernel")
    pytest.importorskip("matplotlib_inline")
    if name == "cell_types" and not CELLS.exists():
        pytest.skip("the cells are not beside the checkout")
    monkeypatch.setenv("PBMC68K", str(CELLS))
    monkeypatch.setenv("PATH", environment()["PATH"])
    book = nbformat.read(EXAMPLES / "notebooks" / f"{name}.ipynb", as_version=4)
    assert not any(cell.get("outputs") for cell in book.cells), "notebooks are kept without their outputs"
    client = nbclient.NotebookClient(book, timeout=300, resources={"metadata": {"path": str(tmp_path)}})
    client.execute()
    shown = [output.get("data", {}) for cell in book.cells for output in cell.get("outputs", ())]
    assert any("image/png" in data for data in shown)
    assert any("<table>" in data.get("text/html", "") for data in shown)


def test_the_pipeline_makes_its_files_and_has_nothing_left_to_do(tmp_path: Path) -> None:
    snakemake = shutil.which("snakemake", path=str(BIN))
    if snakemake is None:
        pytest.skip("snakemake is not installed")
    command = [snakemake, "--cores", 1, "-s", EXAMPLES / "snakemake" / "Snakefile", "--directory", tmp_path]
    run(command, env=environment())
    rows = (tmp_path / "edges.tsv").read_text(encoding="utf-8").splitlines()
    assert rows[0].split("\t")[:3] == ["gene_a", "gene_b", "rho"]
    assert len(rows) > 100
    assert "P53_PATHWAY" in (tmp_path / "links.tsv").read_text(encoding="utf-8")
    assert "</html>" in (tmp_path / "report.html").read_text(encoding="utf-8")[-20:]
    assert "Nothing to be done" in run(command, env=environment()).stderr


def test_the_site_builds_without_a_warning(tmp_path: Path) -> None:
    pytest.importorskip("material")
    run([sys.executable, "-m", "mkdocs", "build", "--strict", "-d", tmp_path / "site"], cwd=ROOT)
    page = (tmp_path / "site" / "index.html").read_text(encoding="utf-8")
    assert "grnledger" in page
    assert not [text for text in page.split('"') if text.startswith("http") and text.endswith((".js", ".css"))]
