"""Random headers of expression tables in number: none is read as anything but what was written.

python tests/trust/inputs/headers.py            # 2,000 combinations
python tests/trust/inputs/headers.py 10000
"""

from __future__ import annotations

import collections
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "oracles"))
from random_tables import outcome_of


def main(cases: int = 2000) -> int:
    """Print what is not read, and the numbers of all outcomes; return the exit code."""
    counts: collections.Counter[str] = collections.Counter()
    with tempfile.TemporaryDirectory() as folder:
        for number in range(cases):
            outcome = outcome_of(Path(folder) / "case", number)
            counts[outcome.split(":")[0]] += 1
            if outcome != "read":
                print(number, outcome)
    print(dict(counts))
    return int(any(outcome.startswith("wrong") for outcome in counts))


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
