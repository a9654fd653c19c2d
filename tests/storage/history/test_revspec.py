"""The grammar of versions: every name, suffix, date and range, what is refused, and what a ref may be called."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import grnledger
import numpy as np
import pytest
from grnledger.engine.errors import Conflict, InputError, NotFound
from grnledger.engine.network.covariance import FactorCovariance
from grnledger.engine.network.pathway import Pathway
from grnledger.storage.files import layout
from grnledger.storage.history import revspec
from grnledger.storage.history.active import History
from grnledger.storage.history.commits import Commit, commit_of
from grnledger.storage.history.entries import commit_id
from grnledger.storage.history.records import CommitRecord, LoggedCommit, MeasuredRecord
from grnledger.storage.history.refs import Refs, check_name

if TYPE_CHECKING:
    from pathlib import Path

    from grnledger.storage.repository import Repository

GENES = ("TP53", "MDM2", "CDKN1A", "IL6")
FIRST = datetime(2026, 11, 1, 12, 0, 0, tzinfo=UTC)


def at(repo: Repository, moment: datetime) -> Repository:
    """The same repository, whose clock stands at a moment."""
    repo._writer._time = moment
    return repo


def add(repo: Repository, name: str, branch: str | None = None) -> str:
    return repo.commit([Pathway.of(repo.panel, name, {"TP53": 0.1, "MDM2": 0.2})], branch=branch).name


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """v0, v1, v2 and v4 on main, v3 from v1 on drug-a, merged by v4; the tag paper at v2.

    v0 was made on 1 November at noon UTC, and each commit a day later than the one before.
    """
    base = FactorCovariance(np.ones(4), np.empty((4, 0)))
    path = tmp_path_factory.mktemp("made") / "tumor.grn"
    repo = grnledger.init(path, factor_model=base, genes=GENES, author="ada", time=FIRST)
    add(at(repo, FIRST + timedelta(days=1)), "p53")
    repo.create_branch("drug-a")
    add(at(repo, FIRST + timedelta(days=2)), "nfkb")
    repo.create_tag("paper")
    add(at(repo, FIRST + timedelta(days=3)), "wnt", branch="drug-a")
    at(repo, FIRST + timedelta(days=4)).merge("drug-a")
    return path


@pytest.fixture
def repo(made: Path, tmp_path: Path) -> Repository:
    """A copy of that store, whose clock stands a second after its last commit."""
    moment = FIRST + timedelta(days=4, seconds=1)
    return grnledger.open(shutil.copytree(made, tmp_path / "tumor.grn"), author="ada", time=moment)


@pytest.mark.parametrize(
    ("rev", "version"),
    [
        ("HEAD", "v4"),
        ("@", "v4"),
        ("v0", "v0"),
        ("v4", "v4"),
        ("main", "v4"),
        ("drug-a", "v3"),
        ("paper", "v2"),
        ("HEAD~", "v2"),
        ("HEAD~0", "v4"),
        ("HEAD~1", "v2"),
        ("HEAD~3", "v0"),
        ("@~2", "v1"),
        ("HEAD^", "v2"),
        ("HEAD^0", "v4"),
        ("HEAD^1", "v2"),
        ("HEAD^2", "v3"),
        ("HEAD^2~1", "v1"),
        ("HEAD^2^", "v1"),
        ("HEAD~1^", "v1"),
        ("HEAD^2~2", "v0"),
        ("v4~~~", "v0"),
        ("paper~2", "v0"),
        ("drug-a^", "v1"),
    ],
)
def test_a_version_is_found_by_each_kind_of_name_and_suffix(repo: Repository, rev: str, version: str) -> None:
    assert repo.version(rev).name == version


def test_the_second_parent_is_another_than_the_first_even_though_both_are_one_step_away(repo: Repository) -> None:
    assert repo.version("HEAD^1").id != repo.version("HEAD^2").id
    assert repo.version("HEAD").parents == (repo.version("HEAD^1").id, repo.version("HEAD^2").id)


@pytest.mark.parametrize(
    ("rev", "sentence"),
    [
        ("nowhere", "There is no version 'nowhere'."),
        ("", "There is no version ''."),
        ("~1", "There is no version ''."),
        ("v5", "There is no version v5: they run from v0 to v4."),
        ("v99999999999999999999", "There is no version v99999999999999999999: they run from v0 to v4."),
        ("HEAD~4", "v4 has fewer than 4 ancestors along first parents."),
        ("HEAD~99999999999999999999", "v4 has fewer than 99999999999999999999 ancestors along first parents."),
        ("HEAD^3", "v4 has 2 parents; there is no parent number 3."),
        ("v0^", "v0 is the base and has no parent."),
        ("v0~", "v0 has fewer than 1 ancestors along first parents."),
        ("head", "There is no version 'head'."),
        ("abcdef", "There is no version 'abcdef'."),
        ("HEAD@", "There is no version 'HEAD@'."),
        ("v1..v2", "There is no version 'v1..v2'."),
        ("tag/paper", "There is no version 'tag/paper'."),
    ],
)
def test_a_name_that_names_nothing_is_not_found(repo: Repository, rev: str, sentence: str) -> None:
    with pytest.raises(NotFound) as caught:
        repo.version(rev)
    assert caught.value.message == sentence


@pytest.mark.parametrize("rev", ["v" + "1" * 5000, "HEAD~" + "1" * 5000, "x" * 1001])
def test_a_text_that_is_too_long_is_no_version(repo: Repository, rev: str) -> None:
    with pytest.raises(InputError, match="1,000 characters at the most"):
        repo.version(rev)


def test_near_names_of_branches_and_tags_are_suggested(repo: Repository) -> None:
    with pytest.raises(NotFound) as caught:
        repo.version("papre")
    assert caught.value.hint == "Did you mean paper?"


# Dates


@pytest.mark.parametrize(
    ("rev", "version"),
    [
        ("@{2026-11-01}", "v0"),  # the whole day counts, although v0 was made at noon
        ("@{2026-11-01T12:00}", "v0"),
        ("@{2026-11-01T12:00:00Z}", "v0"),
        ("@{2026-11-01 13:00}", "v0"),
        ("@{20261102}", "v1"),
        ("@{2026-11-02T11:59:59}", "v0"),
        ("@{2026-11-02T12:00:00}", "v1"),
        ("@{2026-11-02T13:00+02:00}", "v0"),  # eleven o'clock UTC
        ("@{2026-11-02T07:00:00-05:00}", "v1"),  # noon UTC
        ("@{2026-W45-1}", "v1"),  # a week date is a day as well: Monday 2 November
        ("@{2026-11-03}", "v2"),
        ("@{2026-11-04}", "v2"),  # v3 went to drug-a
        ("@{2026-11-05}", "v4"),
        ("@{9999-12-31}", "v4"),
        ("@{2026-11-05}~1", "v2"),
        ("@{2026-11-05}^2", "v3"),
        ("main@{2026-11-03}", "v2"),
        ("drug-a@{2026-11-03}", "v1"),
        ("drug-a@{2026-11-04}", "v3"),
        ("drug-a@{2026-11-04}~2", "v0"),
    ],
)
def test_a_date_names_the_version_at_which_a_branch_stood_then(repo: Repository, rev: str, version: str) -> None:
    assert repo.version(rev).name == version


def test_a_day_is_meant_to_its_very_last_second(repo: Repository) -> None:
    last = datetime(2026, 11, 6, 23, 59, 59, tzinfo=UTC)
    add(at(repo, last), "mapk")
    add(at(repo, last + timedelta(seconds=1)), "jak")
    assert repo.version("@{2026-11-06}").name == "v5"
    assert repo.version("@{2026-11-07}").name == "v6"


def test_a_date_follows_the_branch_that_head_was_then(repo: Repository) -> None:
    at(repo, FIRST + timedelta(days=5)).switch("drug-a")
    at(repo, FIRST + timedelta(days=6)).switch("main")
    assert repo.version("@{2026-11-05}").name == "v4"
    assert repo.version("@{2026-11-06}").name == "v3"
    assert repo.version("@{2026-11-07}").name == "v4"


def test_a_date_finds_where_a_branch_stood_before_it_was_rolled_back_or_deleted(repo: Repository) -> None:
    at(repo, FIRST + timedelta(days=5)).rollback("v1")
    at(repo, FIRST + timedelta(days=5)).delete_branch("drug-a")
    assert repo.version("HEAD").name == "v1"
    assert repo.version("@{2026-11-05}").name == "v4"
    assert repo.version("drug-a@{2026-11-05}").name == "v3"
    with pytest.raises(NotFound):
        repo.version("drug-a@{2026-11-06}")


@pytest.mark.parametrize(
    ("rev", "sentence"),
    [
        (
            "@{2026-10-31}",
            "There was no version of the store yet at 2026-10-31: the store begins at 2026-11-01T12:00:00Z.",
        ),
        (
            "@{2026-11-01T11:59:59}",
            "There was no version of the store yet at 2026-11-01T11:59:59: the store begins at 2026-11-01T12:00:00Z.",
        ),
        (
            "@{0999-01-01}",
            "There was no version of the store yet at 0999-01-01: the store begins at 2026-11-01T12:00:00Z.",
        ),
        (
            "drug-a@{2026-11-01}",
            "There was no version of branch drug-a yet at 2026-11-01: the store begins at 2026-11-01T12:00:00Z.",
        ),
        (
            "nowhere@{2026-11-05}",
            "There was no version of branch nowhere yet at 2026-11-05: the store begins at 2026-11-01T12:00:00Z.",
        ),
    ],
)
def test_before_the_beginning_nothing_is_found(repo: Repository, rev: str, sentence: str) -> None:
    with pytest.raises(NotFound) as caught:
        repo.version(rev)
    assert caught.value.message == sentence


@pytest.mark.parametrize("date", ["", "yesterday", "2026-13-01", "2026-11-31", "0001-01-01T00:00+05:00", "01.11.2026"])
def test_what_is_no_date_is_refused_with_the_way_to_write_one(repo: Repository, date: str) -> None:
    with pytest.raises(InputError) as caught:
        repo.version(f"@{{{date}}}")
    assert caught.value.message == f"{date!r} is not a date."
    assert "@{2026-11-01}" in caught.value.hint


# Ids


def record(message: str, parents: tuple[str, ...] = ()) -> CommitRecord:
    return CommitRecord(
        parents=parents,
        base="b" * 64,
        sets_base=not parents,
        adds=(),
        drops=(),
        author="ada",
        time="2026-11-01T12:00:00Z",
        message=message,
    )


def summary(record: CommitRecord, entry: int, content: str = "0" * 64) -> Commit:
    measured = MeasuredRecord(content=content, rank=0, rank_since=0, anchor=None, since_anchor=0, probe=None, guard=1.0)
    return commit_of(LoggedCommit(id=commit_id(record), commit=record, measured=measured), entry)


def never(commit: Commit) -> LoggedCommit:
    raise AssertionError(f"a name needs no record, and that of {commit} was asked")


def history_of(*contents: str) -> History:
    """Commits of these content ids, one on top of the other."""
    history, parents = History(never), ()
    for number, content in enumerate(contents, start=1):
        commit = summary(record(f"commit {number}", parents), number, content)
        history.append(commit)
        parents = (commit.id,)
    return history


def test_six_digits_of_a_content_id_or_of_a_commit_id_are_enough(repo: Repository) -> None:
    for version in repo.versions():
        for full in (version.content, version.id):
            assert repo.version(full).id == version.id
            assert repo.version(full[:12]).id == version.id
            assert repo.version(full[:12] + "~0").id == version.id
            with pytest.raises(NotFound):
                repo.version(full[:5])
            with pytest.raises(NotFound):
                repo.version(full.upper())


def test_of_versions_of_equal_content_the_oldest_is_meant(repo: Repository) -> None:
    add(repo, "again")
    repo.revert("HEAD")
    assert repo.version("HEAD").name == "v6"
    assert repo.version("HEAD").content == repo.version("v4").content
    assert repo.version(repo.version("HEAD").content).name == "v4"
    assert repo.version(repo.version("HEAD").id).name == "v6"


def test_a_prefix_of_several_contents_is_ambiguous_and_one_more_digit_settles_it() -> None:
    history = history_of("abcdef1" + "0" * 57, "abcdef2" + "0" * 57)
    with pytest.raises(InputError) as caught:
        revspec.resolve("abcdef", Refs(), history)
    assert caught.value.message == "'abcdef' begins more than one id."
    assert caught.value.hint == "Give more of its digits."
    assert revspec.resolve("abcdef2", Refs(), history) == history.commits[1].id


def test_a_prefix_of_one_content_that_several_versions_have_is_not_ambiguous() -> None:
    content = "abcdef" + "1" * 58
    history = history_of("0" * 64, content, content)
    assert revspec.resolve("abcdef", Refs(), history) == history.commits[1].id


def test_a_commit_id_goes_before_a_content_id() -> None:
    only = history_of("0" * 64).commits[0].id
    history = history_of("0" * 64, only)  # the content of the second begins as the id of the first does
    assert revspec.resolve(only[:6], Refs(), history) == only


def test_a_prefix_of_two_commit_ids_is_ambiguous() -> None:
    records: dict[str, CommitRecord] = {}
    history = History(never)
    number = 0
    while True:  # two of some thousand hashes share six digits, sooner or later; always the same two
        commit = record(f"commit {number}")
        identity = commit_id(commit)
        if identity[:6] in records:
            break
        records[identity[:6]] = commit
        number += 1
    for entry, alike in enumerate((commit, records[identity[:6]]), start=1):
        history.append(summary(alike, entry))
    with pytest.raises(InputError):
        revspec.resolve(identity[:6], Refs(), history)
    assert revspec.resolve(identity, Refs(), history) == identity


def test_names_are_tried_in_the_order_head_number_branch_tag_id() -> None:
    history = history_of("abc123" + "0" * 58, *(f"{number}" * 64 for number in range(1, 5)))
    ids = [entry.id for entry in history.commits]
    refs = Refs(branches={"main": ids[4], "both": ids[1], "abc123": ids[2]}, tags={"both": ids[3]})
    assert revspec.resolve("HEAD", refs, history) == ids[4]
    assert revspec.resolve("v0", refs, history) == ids[0]
    assert revspec.resolve("both", refs, history) == ids[1]
    assert revspec.resolve("abc123", refs, history) == ids[2]
    del refs.branches["both"], refs.branches["abc123"]
    assert revspec.resolve("both", refs, history) == ids[3]
    assert revspec.resolve("abc123", refs, history) == ids[0]


# Ranges


@pytest.mark.parametrize(
    ("text", "sides"),
    [
        ("v0..HEAD", ("v0", "HEAD")),
        ("v0..", ("v0", "HEAD")),
        ("..v2", ("HEAD", "v2")),
        ("..", ("HEAD", "HEAD")),
        ("HEAD~2..drug-a^", ("HEAD~2", "drug-a^")),
        ("main@{2026-11-01}..@{2026-11-02}", ("main@{2026-11-01}", "@{2026-11-02}")),
    ],
)
def test_a_range_has_two_sides_and_an_empty_one_is_head(text: str, sides: tuple[str, str]) -> None:
    assert revspec.split_range(text) == sides


@pytest.mark.parametrize("text", ["", "v0", "v0.v1", "v0...v1", "v0..v1..v2", "v0....v1", "..."])
def test_what_is_no_range_is_refused(text: str) -> None:
    with pytest.raises(InputError) as caught:
        revspec.split_range(text)
    assert caught.value.message == f"{text!r} is not a range of versions."


def test_both_sides_of_a_range_are_found_in_the_order_written(repo: Repository) -> None:
    assert [side.name for side in repo.split_range("drug-a..HEAD~1")] == ["v3", "v2"]
    with pytest.raises(NotFound):
        repo.split_range("v0..v9")


# Names of refs


@pytest.mark.parametrize(
    "name",
    ["main", "drug-a", "lab/main", "a", "paper_2", "v7.1", "v", "1.0", "abc12", "beef", "résumé", "A+B", "HEADS", "V7"],
)
def test_a_plain_name_may_name_a_branch_or_a_tag(name: str) -> None:
    assert check_name(name) == name


@pytest.mark.parametrize("name", ["HEAD", "v7", "v0", "v007", "abcdef", "0" * 64, "123456"])
def test_a_name_that_reads_as_a_version_is_refused(name: str) -> None:
    with pytest.raises(InputError, match="be read as HEAD, a version or an id"):
        check_name(name)


@pytest.mark.parametrize(
    "name",
    [
        "", "a b", "a~1", "a^", "a..b", "a:b", "a@b", "@", "a@{b}", "-x", ".x", "x.", "a/", "/a", "a//b", "a/.b",
        "a/-b", "a/../b", "..", "a\nb", "a\tb", "a\\b", "a*", "a\x00", "a\u202eb", "a'b",
    ],
)  # fmt: skip
def test_a_name_with_a_character_of_the_grammar_is_refused(name: str) -> None:
    with pytest.raises(InputError, match="cannot name a branch or tag"):
        check_name(name)


def test_a_name_of_a_ref_has_an_end() -> None:
    assert check_name("é" * 200)
    with pytest.raises(InputError, match="200 characters at the most, not 201"):
        check_name("é" * 201)


@pytest.mark.parametrize("name", ["v7", "a b", "HEAD", "beefed"])
def test_a_refused_name_makes_no_ref_and_writes_nothing(repo: Repository, name: str) -> None:
    before = sorted(path.name for path in (repo.path / layout.LOG).iterdir())
    with pytest.raises(InputError):
        repo.create_branch(name)
    with pytest.raises(InputError):
        repo.create_tag(name)
    assert sorted(path.name for path in (repo.path / layout.LOG).iterdir()) == before


def test_one_name_is_never_a_branch_and_a_tag(repo: Repository) -> None:
    with pytest.raises(Conflict, match="There is a branch drug-a already, at v3"):
        repo.create_tag("drug-a", "v1")
    with pytest.raises(Conflict, match="There is a tag paper already, at v2"):
        repo.create_branch("paper", "v1")
