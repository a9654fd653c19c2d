"""Measure every ratio against its peer, and write `benchmarks/results.md` and its plot.

    pip install ".[bench]" linear-operator    # the peers that are in Python; R's corpcor, GEMMA and git by the system
    python -m benchmarks --quick      # small sizes, at most ten minutes
    python -m benchmarks              # about an hour
    python -m benchmarks --only history commits

Each part is a process of its own. A ratio is the peer's median over ours, both timed in turns in that process. A peer
that is not installed is listed as absent.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from pathlib import Path

from . import setting
from .ratios.page import write_page
from .ratios.parts import PARTS, rows_of
from .ratios.rows import Absence, Effort, Row, read_line

HERE = Path(__file__).resolve().parent


def main() -> None:
    """Measure what was asked for, and write the page."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="small sizes and few rounds")
    parser.add_argument("--only", nargs="+", choices=PARTS, default=list(PARTS), metavar="PART", help=", ".join(PARTS))
    parser.add_argument("--data", type=Path, default=setting.BESIDE, help="folder of real files, if there are any")
    parser.add_argument("--output", type=Path, default=HERE / "results.md", help="where the page is written")
    parser.add_argument("--rows-of", choices=PARTS, help=argparse.SUPPRESS)
    options = parser.parse_args()
    effort = Effort(options.quick, options.data)
    if options.rows_of:
        for row in rows_of(options.rows_of, effort):
            print(row.line(), flush=True)
        return
    begin = time.perf_counter()
    lines: dict[str, list[Row | Absence]] = {}
    for part in options.only:
        lines[part] = _measure(part, options)
        print(f"# {part}: {time.perf_counter() - begin:.0f} s", file=sys.stderr, flush=True)
    write_page(options.output, lines, quick=options.quick, minutes=(time.perf_counter() - begin) / 60)


def _measure(part: str, options: argparse.Namespace) -> list[Row | Absence]:
    """Return the rows of a part from a process of its own, as they come also on stderr."""
    command = [sys.executable, "-m", "benchmarks", "--rows-of", part, "--data", str(options.data)]
    rows: list[Row | Absence] = []
    with subprocess.Popen(
        command + ["--quick"] * options.quick, cwd=HERE.parent, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            print(line.rstrip(), file=sys.stderr, flush=True)
            if line.startswith("{"):  # peers print lines of their own
                rows.append(read_line(line))
    if process.returncode:
        rows.append(Absence(part, f"ended with status {process.returncode}"))
    return rows


if __name__ == "__main__":
    main()
