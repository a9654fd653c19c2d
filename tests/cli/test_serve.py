"""`grn serve` as a process: it prints an address, answers whoever has it, and ends cleanly."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from http.cookiejar import CookieJar
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

pytestmark = pytest.mark.usefixtures("compiled_once")

GRN = [sys.executable, "-W", "error", "-m", "grnledger.cli"]


@pytest.fixture
def store(grn: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A store of 20 genes in the working directory."""
    monkeypatch.chdir(tmp_path)
    grn("simulate", "--genes", 20, "--factors", 2, "-o", "model.npz")
    assert grn("init", "s.grn", "--factor-model", "model.npz").code == 0
    return tmp_path / "s.grn"


@contextlib.contextmanager
def serving(*arguments: str, **variables: str) -> Iterator[subprocess.Popen[str]]:
    """Run `grn serve` with these arguments; what is interrupted is this process alone."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell in the background passes it over
    command = [*GRN, "serve", *arguments]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True, env={**os.environ, **variables}) as process:
        try:
            yield process
        finally:
            process.kill()
            signal.signal(signal.SIGINT, before)


def line_of(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    line = process.stdout.readline()
    assert line, process.stderr and process.stderr.read()
    return line


def opener() -> urllib.request.OpenerDirector:
    """Return what keeps cookies, and asks no proxy."""
    return urllib.request.build_opener(urllib.request.ProxyHandler({}), urllib.request.HTTPCookieProcessor(CookieJar()))


def status_of(address: str, way: urllib.request.OpenerDirector | None = None, **headers: str) -> int:
    try:
        with (way or opener()).open(urllib.request.Request(address, headers=headers)) as answer:
            return answer.status
    except urllib.error.HTTPError as refusal:
        with refusal:
            return refusal.code


def interrupt(process: subprocess.Popen[str]) -> tuple[str, str]:
    process.send_signal(signal.SIGINT)
    return process.communicate(timeout=60)


@pytest.mark.usefixtures("store")
def test_it_answers_at_the_address_that_it_prints_until_ctrl_c() -> None:
    with serving("--port", "0") as process:
        address = line_of(process).strip()
        assert line_of(process) == "This shows s.grn until Ctrl-C.\n"
        parts, way = urlsplit(address), opener()
        assert (parts.hostname, parts.query[:6]) == ("127.0.0.1", "token=")
        assert len(parts.query) > 40
        plain = f"http://{parts.netloc}"
        assert status_of(plain) == 403
        with way.open(address) as answer:
            page = answer.read().decode()
            assert answer.geturl() == f"{plain}/"
        assert "20 genes, 1 version" in page
        assert status_of(f"{plain}/gene/G01", way) == 200
        assert status_of(f"{plain}/gene/%2e%2e%2f%3f", way) == 404
        assert status_of(plain, way, Host=f"evil.example:{parts.port}") == 403
        assert status_of(plain, way, Origin="http://evil.example") == 403
        out, err = interrupt(process)
    assert (process.returncode, out, err) == (0, "Stopped.\n", "")


@pytest.mark.usefixtures("store")
def test_a_program_reads_the_address_as_json() -> None:
    with serving("--port", "0", "--json", "--no-open") as process:
        fields = json.loads(line_of(process))
        assert list(fields) == ["schema", "store", "address"]
        assert status_of(fields["address"]) == 200
        out, err = interrupt(process)
    assert (process.returncode, out, err) == (0, "", "")


def test_the_token_is_in_no_log_and_another_each_time(store: Path) -> None:
    tokens: set[str] = set()
    for _ in range(2):
        with serving("-s", str(store), "--port", "0") as process:
            address = line_of(process).strip()
            assert status_of(address) == 200
            assert status_of(address.replace("?", "nothing?")) == 404
            _, err = interrupt(process)
        assert err == ""
        tokens.add(urlsplit(address).query)
    assert len(tokens) == 2


@pytest.mark.usefixtures("store")
def test_a_browser_is_opened_with_a_token_that_serves_once(tmp_path: Path) -> None:
    script, file = tmp_path / "browser", tmp_path / "asked"
    script.write_text(f'#!/bin/sh\necho "$1" > "{file}.part" && mv "{file}.part" "{file}"\n')
    script.chmod(0o755)
    with serving("--port", "0", "--open", BROWSER=f"{script} %s") as process:
        address = line_of(process).strip()
        for _ in range(600):
            if file.exists():
                break
            time.sleep(0.05)
        asked = file.read_text().strip()
        assert asked.partition("?")[0] == address.partition("?")[0]
        assert asked != address
        assert [status_of(asked), status_of(asked), status_of(address)] == [200, 403, 200]
        interrupt(process)


@pytest.mark.usefixtures("store")
def test_that_others_can_reach_it_is_said() -> None:
    with serving("--host", "0.0.0.0", "--port", "0") as process:
        address = line_of(process).strip()
        assert address.startswith("http://127.0.0.1:")
        assert status_of(address) == 200
        _, err = interrupt(process)
    assert err.startswith("Note: Others on the network can reach this")


@pytest.mark.usefixtures("store")
def test_what_cannot_be_listened_at_is_a_sentence_and_a_hint(grn: Callable[..., Any]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        answer = grn("serve", "--port", port)
    assert answer.code == 4
    assert f"Something listens at port {port} of 127.0.0.1 already." in answer.err
    assert "--port 0" in answer.err
    answer = grn("serve", "--host", "no.such.host.invalid", "--port", 0)
    assert answer.code == 2
    assert "--host 127.0.0.1" in answer.err
    assert grn("serve", "--host", "a" * 70, "--port", 0).code == 2


def test_without_a_store_or_a_library_nothing_is_served(
    grn: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert grn("-s", tmp_path / "none.grn", "serve", "--port", 0).code == 3
    monkeypatch.setitem(sys.modules, "starlette", None)
    answer = grn("-s", tmp_path / "none.grn", "serve", "--port", 0)
    assert answer.code == 2
    assert "pip install 'grnledger[serve]'" in answer.err
