"""`grn lmm scan --part` and `grn lmm gather`: the same bytes as the whole in every form, and what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from grnledger.formats.traits import tested_columns

if TYPE_CHECKING:
    from collections.abc import Callable

IDS = tuple(f"S{number}" for number in range(50))
SCAN = ("lmm", "scan", "--pheno", "y.tsv", "--kernel", "K.npz", "--tests", "t.npz")


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, grn: Callable[..., Any]) -> Path:
    """A store, a kernel of 50 samples, and 90 tests in blocks of 16."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(tested_columns, "BLOCK", 16)
    stream = np.random.default_rng(3)
    tests = stream.integers(0, 3, (90, 50)).astype(float)
    tests[7] = 1.0  # collinear with the intercept: no result
    np.savez("t.npz", tests=np.array([f"rs{number}" for number in range(90)]), ids=np.array(IDS), values=tests)
    factor = stream.normal(size=(50, 20))
    np.savez("K.npz", kernel=factor @ factor.T / 20, ids=np.array(IDS))
    signal = factor @ stream.normal(size=20) / 5 + stream.normal(size=50)
    Path("y.tsv").write_text(
        "id\ty\n" + "".join(f"{name}\t{value!r}\n" for name, value in zip(IDS, signal.tolist(), strict=True))
    )
    assert grn("simulate", "--genes", 10, "-o", "m.npz").code == 0
    assert grn("init", "a.grn", "--factor-model", "m.npz").code == 0
    return tmp_path


def scan_parts(grn: Callable[..., Any], count: int, *options: str) -> list[str]:
    names = [f"scan.{number}.part" for number in range(1, count + 1)]
    for number, name in enumerate(names, start=1):
        answer = grn(*SCAN, *options, "--part", f"{number}/{count}", "-o", name)
        assert (answer.code, answer.out) == (0, "")
        assert f"{name}: part {number}/{count}, " in answer.err
    return names


@pytest.mark.parametrize("count", [1, 4, 9])
@pytest.mark.parametrize("options", [(), ("--mode", "exact"), ("--float32",), ("--statistic", "lrt")], ids=" ".join)
def test_all_parts_are_the_whole_in_every_form(
    lab: Path, grn: Callable[..., Any], count: int, options: tuple[str, ...]
) -> None:
    parts = scan_parts(grn, count, *options)[::-1]
    for form in ((), ("--tsv",), ("--json",)):
        whole, joined = grn(*SCAN, *options, *form), grn("lmm", "gather", *parts, *form)
        assert (joined.code, joined.out, joined.err) == (whole.code, whole.out, whole.err)
    assert grn(*SCAN, *options, "-o", "whole.tsv", "--json").json["count"] == 90
    assert grn("lmm", "gather", *parts, "-o", "joined.tsv", "--json").json["count"] == 90
    assert Path("joined.tsv").read_bytes() == Path("whole.tsv").read_bytes()
    assert Path("joined.tsv").read_text().count("\n") == 91


def test_a_part_says_in_json_what_it_is_and_has_its_rows_on_other_mappers_too(
    lab: Path, grn: Callable[..., Any]
) -> None:
    answer = grn(*SCAN, "--part", "2/4", "-o", "a.part", "--json").json
    assert (answer["part"], answer["count"], answer["output"], answer["tests"]) == ("2/4", 26, "a.part", [])
    assert grn(*SCAN, "--part", "2/4", "-o", "b.part", "--scheduler", "threads:1").code == 0
    assert Path("a.part").read_bytes() == Path("b.part").read_bytes()


def test_parts_that_do_not_belong_together_are_refused_and_nothing_is_written(
    lab: Path, grn: Callable[..., Any]
) -> None:
    parts = scan_parts(grn, 3)

    def refused(*names: str) -> str:
        answer = grn("lmm", "gather", *names, "-o", "out.tsv")
        assert (answer.code, answer.out, Path("out.tsv").exists()) == (2, "", False)
        return answer.err

    assert "2 parts of 3 missing: 1,3." in refused(parts[1])
    assert "are both part 2 of 3." in refused(*parts, parts[1])
    for options, said in (
        (("--statistic", "lrt"), "method reml and ml; statistic wald and lrt"),
        (("--mode", "exact"), "mode p3d and exact"),
        (("--float32",), "single False and True"),
        (("--no-intercept",), "model "),
    ):
        assert grn(*SCAN, *options, "--part", "3/3", "-o", "other.part").code == 0
        error = refused(*parts[:2], "other.part")
        assert "scan.1.part and other.part are not parts of one answer: " in error
        assert said in error
        assert "All parts come from the same command but for --part and -o." in error
    scan_parts(grn, 4)
    assert "3 parts" not in refused("scan.1.part", "scan.2.part", "scan.3.part")
    Path("cut.part").write_bytes(Path("scan.1.part").read_bytes()[:-40])
    assert "cut.part is cut short or was changed" in refused("cut.part")
    Path("scan.tsv").write_text("ID\tN\n")
    assert "scan.tsv is not a part of an answer" in refused("scan.tsv")
    assert grn("lmm", "gather", "none.part").code == 3
    assert grn("lmm", "gather").code == 2
    before = Path("scan.1.part").read_bytes()
    assert "would overwrite a part" in grn("lmm", "gather", "scan.1.part", "-o", "./scan.1.part").err
    assert Path("scan.1.part").read_bytes() == before


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--part", "2/3"), "A part is written to a file."),
        (("--part", "0/3", "-o", "a.part"), "'0/3' is no part: it is K/N"),
        (("--part", "1/2", "--groups", "g.gmt", "-o", "a.part"), "Groups are tested whole"),
        (("--scheduler", "slurm"), "'slurm' is no scheduler"),
        (("--scheduler", "threads:2", "--groups", "g.gmt"), "Groups are tested in this process"),
    ],
)
def test_options_that_do_not_fit_are_refused(
    lab: Path, grn: Callable[..., Any], options: tuple[str, ...], said: str
) -> None:
    Path("g.gmt").write_text("g\t-\trs1\trs2\n")
    answer = grn(*SCAN, *options)
    assert (answer.code, answer.out) == (2, "")
    assert said in answer.err
