"""Make the pictures of docs/pictures.md by the commands that stand beside them: `python docs/make_pictures.py`.

The blocks of the page are run in their order in a temporary folder: `python` blocks as they are, in `sh` blocks lines
of `grn` and of this checkout's benchmarks. What a `grn plot` line writes is copied to docs/pictures. A
test runs all of it, and checks that each picture is there; bytes differ between releases of matplotlib.
"""

from __future__ import annotations

import contextlib
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from grnledger.cli import errors
from grnledger.cli.main import grn

ROOT = Path(__file__).resolve().parents[1]
PAGE, PICTURES = ROOT / "docs" / "pictures.md", ROOT / "docs" / "pictures"
ENVIRONMENT = {"GRN_AUTHOR": "Ada Lovelace", "SOURCE_DATE_EPOCH": "1780000000"}
"""Who commits, and when: so that the same pictures come out again."""


def blocks() -> list[tuple[str, str]]:
    """Return the language and the text of each block of code of the page that is run."""
    return re.findall(r"^```(python|sh)\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)


def lines(text: str) -> list[list[str]]:
    """Return the lines of a block of shell, as words."""
    return [words for line in text.splitlines() if (words := shlex.split(line, comments=True))]


def pictures() -> list[str]:
    """Return the names of the files that the page's commands draw."""
    commands = [words for language, text in blocks() if language == "sh" for words in lines(text)]
    return [words[words.index("-o") + 1] for words in commands if words[0] == "grn" and "plot" in words]


def run(words: list[str]) -> None:
    """Run a line of the page in this folder."""
    if ">" in words[:-1]:
        with Path(words[-1]).open("w", encoding="utf-8") as stream, contextlib.redirect_stdout(stream):
            run(words[:-2])
    elif words[0] == "grn":
        if (code := errors.run(grn, words[1:], False)) != 0:
            raise SystemExit(f"`{shlex.join(words)}` ended with exit code {code}.")
    elif words[0] == "python" and words[1].startswith("benchmarks/"):
        command = [sys.executable, str(ROOT / words[1]), *words[2:]]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)  # noqa: S603  a line of this checkout's page
    else:
        raise SystemExit(f"`{shlex.join(words)}` is not a line that this script runs.")


def make(folder: Path) -> None:
    """Run the blocks of the page in a folder."""
    with contextlib.chdir(folder):
        for language, text in blocks():
            if language == "python":
                exec(compile(text, str(PAGE), "exec"), {})  # noqa: S102  a block of this checkout's page
            else:
                for words in lines(text):
                    run(words)


def main() -> None:
    """Make the pictures, and write them to docs/pictures in the place of those that are there."""
    os.environ.update(ENVIRONMENT)
    with tempfile.TemporaryDirectory(prefix="grn-pictures-") as folder:
        make(Path(folder))
        shutil.rmtree(PICTURES, ignore_errors=True)
        PICTURES.mkdir()
        for name in pictures():
            shutil.copy(Path(folder, name), PICTURES / name)


if __name__ == "__main__":
    main()
