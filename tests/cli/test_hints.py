"""Hints: every code of an error has one, every hint has an error, and what it names is among the facts."""

from __future__ import annotations

import ast
import string
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from grnledger.cli.hints import HINTS, hint_of
from grnledger.engine.errors import InputError, NotFound

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("engine", "formats", "storage", "analysis", "views")

FILES = [file for room in ROOMS for file in sorted((ROOT / room).rglob("*.py"))]
NODES = [(file, node) for file in FILES for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))]


def texts(node: ast.expr | None) -> set[str]:
    """Return the constant texts within an expression."""
    nodes = [] if node is None else ast.walk(node)
    constants = (node.value for node in nodes if isinstance(node, ast.Constant))
    return {value for value in constants if isinstance(value, str) and value}


def raised() -> Iterator[tuple[str, str, ast.expr | None]]:
    """Yield where an error is made, its code, and the expression of its facts."""
    for file, node in NODES:
        if isinstance(node, ast.Call):
            keywords = {keyword.arg: keyword.value for keyword in node.keywords}
            for code in texts(keywords.get("code")):
                yield f"{file.relative_to(ROOT)}:{node.lineno}", code, keywords.get("facts")


RAISED = list(raised())


def test_the_reader_of_codes_finds_them() -> None:
    assert "repeated-genes" in {code for _, code, _ in RAISED}
    assert len(RAISED) > 40


def test_every_code_has_a_hint() -> None:
    assert sorted(where for where, code, _ in RAISED if code not in HINTS) == []


def test_every_hint_has_an_error() -> None:
    named = {node.value for _, node in NODES if isinstance(node, ast.Constant)}
    assert sorted(set(HINTS) - named) == []


@pytest.mark.parametrize("code", sorted(HINTS))
def test_what_a_hint_names_is_among_the_facts(code: str) -> None:
    names = {name for _, name, _, _ in string.Formatter().parse(HINTS[code]) if name}
    for where, _, facts in (error for error in RAISED if error[1] == code):
        if isinstance(facts, ast.Dict) and None not in facts.keys:
            keys = {key.value for key in facts.keys if isinstance(key, ast.Constant)}
            assert names <= keys, where
        elif facts is None:
            assert names == set(), where


def test_a_section_s_codes_are_in_the_order_of_the_alphabet() -> None:
    lines = (ROOT / "cli" / "hints.py").read_text(encoding="utf-8").partition("HINTS: dict")[2].partition("\n}\n")[0]
    for section in lines.split("\n    # ")[1:]:
        codes = [line.split('"')[1] for line in section.splitlines() if line.startswith('    "')]
        assert codes == sorted(set(codes)), section.splitlines()[0]


def test_an_error_s_own_hint_goes_before_that_of_its_code() -> None:
    named: dict[str, Any] = {"code": "name-active", "facts": {"version": "v3", "name": "P53"}}
    assert hint_of(InputError("no", **named)).startswith("`grn revert v3 --only P53` removes it")
    assert hint_of(InputError("no", hint="Look again.", **named)) == "Look again."
    assert hint_of(NotFound("no")) == ""
