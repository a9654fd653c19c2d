"""All measurements of what answers mean, one after the other, each in a process of its own: about an hour on two cores.

    python -m benchmarks.meaning.everything --expression leukemia.tsv --sets hallmarks.gmt --cells pbmc.h5ad --r

Each part prints its own table, with intervals; its first lines say what is measured. What needs a file that is not
given is left out, and named at the end.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

from .ecoli import add_data_option


def parts(options: argparse.Namespace) -> dict[str, list[str] | None]:
    """Return the arguments of each part, or `None` where a file that it needs is not given."""
    gold = [] if options.data is None else ["--data", str(options.data)]
    array, sets = options.expression, options.sets
    both = None if array is None or sets is None else ["--expression", str(array), "--sets", str(sets)]
    real = [] if array is None else ["--leukemia", str(array)]
    real += [] if options.cells is None else ["--pbmc", str(options.cells)]
    return {
        "intensity": [*gold, *real],
        "edges": [*gold, "--trees", "60"],
        "links": gold,
        "regulators": gold,
        "false_discovery": [] if array is None else ["--expression", str(array)],
        "removal": gold,
        "support": None if both is None else [*gold, *both],
        "two_bases": gold,
        "enrichment": [],
        "speed": None if both is None else [*both, *(["--r"] if options.r else [])],
    }


def main() -> None:
    """Run every part, and say which were left out and which failed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_data_option(parser)
    parser.add_argument("--expression", type=Path, metavar="FILE", help="the array of 48 leukemia samples")
    parser.add_argument("--sets", type=Path, metavar="FILE", help="gene sets, such as the hallmarks")
    parser.add_argument("--cells", type=Path, metavar="FILE", help="an h5ad file of cells")
    parser.add_argument("--r", action="store_true", help="measure R's packages too")
    missed: list[str] = []
    for name, arguments in parts(parser.parse_args()).items():
        if arguments is None:
            missed.append(f"{name}: a file is needed that is not given")
            continue
        print(f"\n## {name}\n", flush=True)
        if status := subprocess.run(
            [sys.executable, "-m", f"{__package__}.{name}", *arguments], check=False
        ).returncode:
            missed.append(f"{name}: ended with status {status}")
    print("\n" + "\n".join(missed) if missed else "\nAll parts ran.")


if __name__ == "__main__":
    main()
