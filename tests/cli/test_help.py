"""`grn help`, and what words of other tools are answered with."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import click
import pytest
from grnledger.cli.hints import OTHER_TOOLS
from grnledger.cli.main import SECTIONS

if TYPE_CHECKING:
    from collections.abc import Callable

VERBS = {verb for verbs in SECTIONS.values() for verb in verbs}


def test_help_is_what_the_option_of_a_command_shows(grn: Callable[..., Any]) -> None:
    for line in ("", *sorted(VERBS), "nmf diff", "lmm enrich", "simulate counts"):
        answer = grn("help", *line.split())
        assert answer.code == 0
        assert answer.out == grn(*line.split(), "--help").out, line
    assert grn("help", "log", "--json").json == {"command": "grn log", "help": grn("help", "log").out[:-1]}


@pytest.mark.parametrize("line", ["frobnicate", "nmf frobnicate", "nmf dif", "lgo", "checkout", "a.grn"])
def test_an_unknown_command_is_refused_alike_with_help(grn: Callable[..., Any], line: str) -> None:
    plain, asked = grn(*line.split()), grn("help", *line.split())
    assert plain.code == asked.code == 2
    assert asked.err == plain.err


def test_there_is_nothing_below_a_plain_command(grn: Callable[..., Any]) -> None:
    answer = grn("help", "log", "show")
    assert answer.code == 2
    assert answer.err == "Error: There is no command 'log show'.\nHint: `grn help log` shows what there is.\n"


def test_words_of_other_tools_are_answered_with_commands_that_exist(grn: Callable[..., Any]) -> None:
    assert VERBS.isdisjoint(OTHER_TOOLS)
    for word, hint in OTHER_TOOLS.items():
        answer = grn(word, "x")
        assert (answer.code, answer.err) == (2, f"Error: There is no command {word!r}.\nHint: {hint}\n")
        lines = re.findall(r"`grn ([a-z -]+?)(?: [A-Z]+.*?| -.*?)?`", hint)
        assert lines, word
        for line in lines:
            verb, *below = line.split()
            assert verb in VERBS, hint
            assert not below or grn(verb, *below, "--help").code == 0, hint
    for word, verb in {"checkout": "switch", "status": "info", "reset": "rollback", "blame": "trace"}.items():
        assert f"`grn {verb}" in OTHER_TOOLS[word]


def test_below_a_verb_there_are_no_words_of_other_tools(grn: Callable[..., Any]) -> None:
    assert "switch" not in grn("nmf", "checkout").err
    assert click.unstyle(grn("nmf", "checkout").err).startswith("Error: There is no command 'nmf checkout'.")
