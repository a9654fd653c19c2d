"""Who is answered: by host, origin, method and token; and what every answer says to the browser."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from grnledger.views.server.security import Access, Hosts

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from starlette.testclient import TestClient

HERE = "http://127.0.0.1:8765"
TOKEN = "token-of-a-test"


@pytest.fixture
def stranger(served_store: Path, client_of: Callable[..., TestClient]) -> TestClient:
    """A client without the cookie."""
    return client_of(served_store, is_in=False)


def test_the_token_is_turned_into_a_cookie_that_no_script_and_no_other_site_has(stranger: TestClient) -> None:
    answer = stranger.get(f"/gene?name=a%20b%2Bc&token={TOKEN}&at=v1")
    assert (answer.status_code, answer.headers["location"]) == (303, "/gene?name=a%20b%2Bc&at=v1")
    cookie = answer.headers["set-cookie"]
    assert cookie == f"grnledger-8765={TOKEN}; HttpOnly; Path=/; SameSite=strict"
    assert stranger.get("/").status_code == 200  # the client keeps it


@pytest.mark.parametrize(
    "path", ["/", "/diff?from=v0&to=v1", "/nothing", "/?token=", "/?token=Token-of-a-test", "/?token=ü"]
)
def test_without_the_token_nothing_is_told(stranger: TestClient, path: str) -> None:
    answer = stranger.get(path)
    assert answer.status_code == 403
    assert "s.grn" not in answer.text
    assert "set-cookie" not in answer.headers


def test_a_wrong_cookie_is_no_key(stranger: TestClient) -> None:
    for name, value in ((f"grnledger-{8765}", "x"), ("grnledger-1", TOKEN)):
        assert stranger.get("/", headers={"cookie": f"{name}={value}"}).status_code == 403


def test_a_pass_opens_once() -> None:
    access = Access(TOKEN, Hosts.of("127.0.0.1", 1), {"once"})
    assert access.admits("once")
    assert not access.admits("once")
    assert access.admits(TOKEN)
    assert access.admits(TOKEN)


@pytest.mark.parametrize("path", ["//evil.example/x", "///evil.example", "/\\evil.example", "/%2f%2fevil.example"])
def test_the_way_in_never_leads_elsewhere(stranger: TestClient, path: str) -> None:
    answer = stranger.get(f"{HERE}{path}?token={TOKEN}")
    assert answer.status_code == 303
    location = answer.headers["location"]
    assert location.startswith("/")
    assert not location.startswith(("//", "/\\"))


def test_a_link_on_another_site_opens_it_too(stranger: TestClient) -> None:
    """After a redirect that began elsewhere, a browser would not send the cookie."""
    answer = stranger.get(f"/?token={TOKEN}", headers={"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate"})
    assert (answer.status_code, answer.headers["refresh"]) == (200, "0; url=/")
    assert TOKEN in answer.headers["set-cookie"]
    assert TOKEN not in answer.text


@pytest.mark.parametrize(
    "host",
    [
        "evil.example", "evil.example:8765", "127.0.0.1:80", "127.0.0.1", "localhost:1", "127.0.0.1:8765.evil.example",
        "127.0.0.1.evil.example:8765", "user@127.0.0.1:8765", "[::2]:8765", "10.0.0.1:8765", "", "127.0.0.1:8765:8765",
    ],
)  # fmt: skip
def test_another_host_is_refused_even_with_the_cookie(client: TestClient, host: str) -> None:
    answer = client.get("/", headers={"host": host})
    assert answer.status_code == 403
    assert "s.grn" not in answer.text


@pytest.mark.parametrize("host", ["127.0.0.1:8765", "localhost:8765", "LOCALHOST:8765", "[::1]:8765"])
def test_this_machine_has_three_names(client: TestClient, host: str) -> None:
    assert client.get("/", headers={"host": host}).status_code == 200


def test_hosts_of_a_server_for_all_are_its_names_and_addresses_of_numbers() -> None:
    everywhere = Hosts.of("0.0.0.0", 80)
    assert all(host in everywhere for host in ("192.168.1.5", "192.168.1.5:80", "[fe80::1]", "localhost"))
    assert not any(host in everywhere for host in ("192.168.1.5:81", "evil.example", "192.168.1.5.evil.example", "[x]"))
    named = Hosts.of("Lab.Example", 8000)
    assert "lab.example:8000" in named
    assert "192.168.1.5:8000" not in named
    assert "[::1]:8000" in Hosts.of("::1", 8000)


def test_other_origins_are_refused(client: TestClient) -> None:
    assert client.get("/", headers={"origin": HERE}).status_code == 200
    for origin in (
        "http://evil.example",
        "null",
        "http://127.0.0.1:8766",
        "https://127.0.0.1:8765",
        "http://localhost:8765",
    ):
        assert client.get("/", headers={"origin": origin}).status_code == 403, origin


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_what_another_page_embeds_is_refused_and_a_link_is_followed(client: TestClient, site: str) -> None:
    for mode in ("no-cors", "cors"):
        assert client.get("/", headers={"sec-fetch-site": site, "sec-fetch-mode": mode}).status_code == 403
    assert client.get("/", headers={"sec-fetch-site": site, "sec-fetch-mode": "navigate"}).status_code == 200
    assert client.get("/", headers={"sec-fetch-site": "same-origin", "sec-fetch-mode": "no-cors"}).status_code == 200


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "PROPFIND"])
def test_nothing_can_be_written(client: TestClient, stranger: TestClient, method: str) -> None:
    for one in (client, stranger):
        answer = one.request(method, "/")
        assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD")


def test_head_is_get_without_the_page(client: TestClient) -> None:
    answer = client.head("/")
    assert (answer.status_code, answer.text) == (200, "")


@pytest.mark.parametrize(
    "path", ["/", "/gene?name=G01", "/nothing", "/version?rev=v99", "/figure?kind=changes&from=v0&to=v1"]
)
def test_every_answer_has_its_headers(client: TestClient, stranger: TestClient, path: str) -> None:
    for answer in (client.get(path), stranger.get(path), client.get(path, headers={"host": "x"}), client.post(path)):
        headers = answer.headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["cache-control"] == "no-store"
        assert headers["cross-origin-resource-policy"] == "same-origin"
        policy = dict(
            part.strip().split(" ", 1) for part in headers["content-security-policy"].split(";") if " " in part.strip()
        )
        assert policy["default-src"] == "'none'"
        assert policy["frame-ancestors"] == "'none'"
        assert "unsafe" not in policy.get("script-src", "")
        assert "server" not in headers
        if headers["content-type"].startswith("text/html"):
            assert policy["script-src"].startswith("'sha256-")
            assert policy["style-src"].startswith("'sha256-")
            assert policy["connect-src"] == "'none'"
            assert policy["form-action"] == "'self'"
            assert policy["base-uri"] == "'none'"


def test_the_policy_names_the_script_and_the_style_of_every_page(client: TestClient) -> None:
    import base64
    import hashlib
    import re

    for path in ("/", "/diff?to=v3", "/gene?name=G01", "/nothing"):
        answer = client.get(path)
        blocks = re.findall(r"<(style|script)>(.*?)</\1>", answer.text, flags=re.DOTALL)
        assert blocks
        for _, text in blocks:
            digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
            assert f"'sha256-{digest}'" in answer.headers["content-security-policy"]
        assert " style=" not in answer.text
        markup = re.sub(r"<(style|script)\b.*?</\1>", "", answer.text, flags=re.DOTALL)
        assert not re.search(r"<[^>]+\son\w+=", re.sub(r'"[^"]*"', "", markup))
