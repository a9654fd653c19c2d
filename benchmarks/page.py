"""The page of `grn report`: seconds to make it, its bytes, and seconds until it answers in Chromium.

    python -m benchmarks.page STORE A..B [--repeats 5]

Needs playwright (`pip install "grnledger[report,browser]"`) and Debian's chromium.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync"]


def seconds_to_answer(browser: Any, file: Path) -> tuple[float, float]:
    """Return seconds until the script has run, and until a search has filtered every table and been painted."""
    tab = browser.new_page()
    begin = time.perf_counter()
    tab.goto(file.as_uri(), wait_until="domcontentloaded")
    loaded = time.perf_counter() - begin
    tab.fill("#search", "TP53")
    tab.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    answered = time.perf_counter() - begin
    tab.close()
    return loaded, answered


def main() -> None:
    """Print one line a measurement."""
    parser = argparse.ArgumentParser()
    parser.add_argument("store")
    parser.add_argument("range")
    parser.add_argument("--repeats", type=int, default=5)
    arguments = parser.parse_args()
    from playwright.sync_api import sync_playwright

    with tempfile.TemporaryDirectory() as folder, sync_playwright() as driver:
        file = Path(folder, "page.html")
        command = ["-s", arguments.store, "report", arguments.range, "-o", str(file)]
        begin = time.perf_counter()
        subprocess.run([sys.executable, "-m", "grnledger.cli", *command], check=True, stdout=subprocess.DEVNULL)
        print(f"made in {time.perf_counter() - begin:.1f} s, {file.stat().st_size:,} bytes")
        browser = driver.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        seconds = [seconds_to_answer(browser, file) for _ in range(arguments.repeats)]
        browser.close()
    loaded, answered = map(statistics.median, zip(*seconds, strict=True))
    print(f"script has run after {loaded:.2f} s, a search is answered and painted after {answered:.2f} s (median)")


if __name__ == "__main__":
    main()
