"""Analyses that a store keeps: found again by what they are of and how they were made, checked, and never trusted."""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING, Any

import grnledger
import numpy as np
import pytest
from grnledger.analysis.nmf import kept as nmf_results
from grnledger.analysis.nmf.run import modules_of
from grnledger.engine import simulate_factor_model
from grnledger.engine.errors import Conflict, FormatError, NotFound
from grnledger.engine.network.pathway import Pathway
from grnledger.storage.files import durable, hdf5, layout
from grnledger.storage.history.records import ArtifactRecord
from grnledger.storage.verify.store import verify

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from grnledger.storage.networks.artifacts import Artifact
    from grnledger.storage.repository import Repository

GENES = tuple(f"G{number:02d}" for number in range(24))


@pytest.fixture
def repo(tmp_path: Path) -> Repository:
    """A store of 24 genes with two versions."""
    repo = grnledger.init(tmp_path / "lab.grn", factor_model=simulate_factor_model(24, 3, seed=1), genes=GENES)
    repo.commit([Pathway(("p53",), np.arange(6, dtype=np.intp), np.full((6, 1), 0.3))], message="p53")
    return repo


def keep(repo: Repository, content: str = "a" * 64, seed: int = 0, value: float = 1.0) -> Artifact:
    return repo.artifacts.keep(
        "other",
        content,
        {"seed": seed},
        {"numbers": np.full(3, value)},
        source="what it is of",
        facts={"sum": 3.0 * value},
        software={"grnledger": "0"},
    )


def file_of(repo: Repository, key: str) -> Path:
    return repo.path / layout.ARTIFACTS / f"{key}.h5"


def test_an_analysis_is_looked_up_by_content_kind_and_parameters(repo: Repository) -> None:
    written = keep(repo)
    again = grnledger.open(repo.path).artifacts
    artifact = again.find("other", "a" * 64, {"seed": 0})
    assert artifact is not None
    assert (artifact.key, artifact.record) == (written.key, written.record)
    assert artifact.record.facts == {"sum": 3.0}
    np.testing.assert_array_equal(artifact.arrays["numbers"], np.ones(3))
    for asked in (
        ("another", "a" * 64, {"seed": 0}),
        ("other", "b" * 64, {"seed": 0}),
        ("other", "a" * 64, {"seed": 1}),
    ):
        assert again.find(*asked) is None
    assert keep(repo, value=2.0).key == written.key  # made again, it takes the place of the first
    assert [item.arrays["numbers"][0] for item in again.each() if not isinstance(item, FormatError)] == [2.0]


def test_an_id_may_be_shortened_as_long_as_it_names_one(repo: Repository) -> None:
    artifacts = [keep(repo, seed=seed) for seed in range(40)]
    for artifact in artifacts:
        assert repo.artifacts.find_by_prefix(artifact.key[:12].upper()).key == artifact.key
    with pytest.raises(NotFound, match="no analysis 'abc'"):
        repo.artifacts.find_by_prefix("abc")
    with pytest.raises(NotFound, match="no analysis '" + "0" * 64):
        repo.artifacts.find_by_prefix("0" * 64)
    twin = artifacts[0].key[:-1] + ("0" if artifacts[0].key[-1] != "0" else "1")
    file_of(repo, twin).write_bytes(file_of(repo, artifacts[0].key).read_bytes())
    with pytest.raises(Conflict, match="2 analyses have ids that begin with"):
        repo.artifacts.find_by_prefix(artifacts[0].key[:10])


def damaged(path: Path) -> None:
    content = bytearray(path.read_bytes())
    index = content.index(np.ones(3).tobytes())
    content[index] ^= 1
    path.write_bytes(bytes(content))


def test_a_damaged_analysis_counts_as_missing_and_is_reported(repo: Repository) -> None:
    artifact, other = keep(repo), keep(repo, seed=1)
    damaged(file_of(repo, artifact.key))
    assert repo.artifacts.find("other", "a" * 64, {"seed": 0}) is None
    assert [isinstance(artifact, FormatError) for artifact in repo.artifacts.each()] == [False, True]
    with pytest.raises(FormatError, match="is damaged"):
        repo.artifacts.find_by_prefix(artifact.key)
    report = verify(repo.path)
    (finding,) = [finding for finding in report.findings if finding.kind != "note"]
    assert (finding.kind, finding.path) == ("derived", f"artifacts/{artifact.key}.h5")
    assert report.analyses == 2
    assert report.whole == (0, 1)
    from grnledger.storage.verify.repair import repair

    assert repair(repo.path).sound
    assert repo.artifacts.keys() == [other.key]


def test_an_analysis_under_another_ones_name_is_refused(repo: Repository) -> None:
    artifact = keep(repo)
    file_of(repo, artifact.key).rename(file_of(repo, "0" * 64))
    assert repo.artifacts.find("other", "a" * 64, {"seed": 0}) is None
    with pytest.raises(FormatError, match="content does not match its name"):
        repo.artifacts.find_by_prefix("0000")
    assert not verify(repo.path).sound


def test_clones_and_exports_take_analyses_along(repo: Repository, tmp_path: Path) -> None:
    of_version, of_none, broken = keep(repo, repo.version("v0").content), keep(repo), keep(repo, seed=3)
    damaged(file_of(repo, broken.key))
    repo.export(tmp_path / "all.h5")
    repo.export(tmp_path / "one.h5", "v0")
    twin = grnledger.clone(repo.path, tmp_path / "twin.grn")
    back = grnledger.clone(tmp_path / "all.h5", tmp_path / "back.grn")
    both = sorted([of_version.key, of_none.key])
    assert twin.artifacts.keys() == back.artifacts.keys() == both
    whole, alone = grnledger.open(tmp_path / "all.h5"), grnledger.open(tmp_path / "one.h5")
    assert whole.artifacts.keys() == both
    assert alone.artifacts.keys() == [of_version.key]
    assert alone.artifacts.find_by_prefix(of_version.key[:6]).record == of_version.record
    for path in (twin.path, back.path, tmp_path / "all.h5", tmp_path / "one.h5"):
        report = verify(path)
        assert report.sound, report.findings
    with pytest.raises(Conflict, match="to be read only"):
        keep(whole)


def test_nothing_is_kept_behind_a_link_or_on_a_full_disk(
    repo: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(output: durable.Output, buffer: Any) -> int:
        raise OSError(errno.ENOSPC, "No space left on device", "x")

    with monkeypatch.context() as patch:
        patch.setattr(durable.Output, "write", full)
        with pytest.raises(OSError, match="No space left"):
            keep(repo)
    assert repo.artifacts.keys() == []
    assert list((repo.path / layout.ARTIFACTS).iterdir()) == []
    (repo.path / layout.ARTIFACTS).rmdir()
    (tmp_path / "elsewhere").mkdir()
    (repo.path / layout.ARTIFACTS).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(Conflict, match="is a link"):
        keep(repo)
    assert list((tmp_path / "elsewhere").iterdir()) == []
    assert any(finding.path == layout.ARTIFACTS and finding.kind == "note" for finding in verify(repo.path).findings)


def test_an_analysis_that_cannot_be_kept_is_returned_nevertheless(repo: Repository, tmp_path: Path) -> None:
    repo.export(tmp_path / "all.h5")
    whole = grnledger.open(tmp_path / "all.h5")
    run = modules_of(whole, "v1", ranks=(2, 2), restarts=2)
    assert run.artifact is None
    assert "to be read only" in run.refusal
    assert run.named_analysis.analysis.best.rank == 2


def test_modules_come_back_to_the_last_bit(repo: Repository) -> None:
    made = modules_of(repo, "v1", ranks=(2, 3), restarts=2, seed=5)
    again = modules_of(grnledger.open(repo.path), "HEAD", ranks=(2, 3), restarts=2, seed=5)
    assert (made.reused, again.reused) == (False, True)
    fresh, stored = made.named_analysis, again.named_analysis
    assert (fresh.genes, fresh.samples, fresh.description, fresh.symmetric, fresh.counts) == (
        stored.genes, stored.samples, stored.description, stored.symmetric, stored.counts,
    )  # fmt: skip
    for name in ("modules", "usage", "trace"):
        assert getattr(fresh.analysis.best, name).tobytes() == getattr(stored.analysis.best, name).tobytes()
    assert repr(fresh.analysis.survey.rows) == repr(stored.analysis.survey.rows)  # NaN is not NaN
    assert fresh.analysis.stability.tobytes() == stored.analysis.stability.tobytes()
    assert not modules_of(repo, "v0", ranks=(2, 3), restarts=2, seed=5).reused
    assert not modules_of(repo, "v1", ranks=(2, 3), restarts=3, seed=5).reused
    repo.rollback("v0")
    repo.commit([Pathway(("p53",), np.arange(6, dtype=np.intp), np.full((6, 1), 0.3))], message="the same, anew")
    assert modules_of(repo, "HEAD", ranks=(2, 3), restarts=2, seed=5).reused  # of equal content


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("modules", lambda array: array[:-1]),
        ("modules", lambda array: array.astype(np.int64)),
        ("usage", lambda array: array[:1]),
        ("genes", lambda array: array[:-1]),
        ("stability", lambda array: array[:-1]),
        ("survey", lambda array: array[:, :2]),
        ("ranks", lambda array: array + 1),
        ("trace", lambda array: array.reshape(1, -1)),
        ("modules", lambda array: -array),
        ("modules", lambda array: 2.0 * array),
        ("usage", lambda array: array * np.nan),
        ("second", lambda _: np.full(24, 9, dtype=np.int64)),
    ],
)
def test_an_analysis_whose_arrays_do_not_fit_is_refused(repo: Repository, name: str, change: Any) -> None:
    made = modules_of(repo, "v1", ranks=(2, 2), restarts=2).artifact
    assert made is not None
    arrays = {key: np.array(array) for key, array in made.arrays.items()}
    arrays[name] = change(arrays.get(name))
    record = made.record.canonical()
    path = file_of(repo, made.key)
    path.unlink()
    durable.put(path, hdf5.Content(layout.ARTIFACT, record, arrays).seal().write)
    with pytest.raises(FormatError, match="is not an NMF"):
        nmf_results.read(repo.artifacts.find_by_prefix(made.key))
    assert isinstance(made.record, ArtifactRecord)


def test_a_number_beyond_float64_is_refused_and_the_analysis_computed_again(repo: Repository) -> None:
    made = modules_of(repo, "v1", ranks=(2, 2), restarts=2).artifact
    assert made is not None
    record = made.record.model_copy(update={"facts": {**made.record.facts, "divergence": 10**400}})
    file_of(repo, made.key).unlink()
    sealed = hdf5.Content(layout.ARTIFACT, record.canonical(), made.arrays).seal()
    durable.put(file_of(repo, made.key), sealed.write)
    with pytest.raises(FormatError, match="is not an NMF"):
        nmf_results.read(repo.artifacts.find_by_prefix(made.key))
    again = modules_of(repo, "v1", ranks=(2, 2), restarts=2)
    assert not again.reused
    assert nmf_results.read(repo.artifacts.find_by_prefix(made.key)).analysis.best.rank == 2


def test_an_analysis_of_another_method_is_reported_as_such(repo: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    made = modules_of(repo, "v1", ranks=(2, 2), restarts=2).artifact
    assert made is not None
    monkeypatch.setattr(nmf_results, "READ", ())
    monkeypatch.setattr(nmf_results, "METHODS", {"correlation": 99})
    with pytest.raises(FormatError, match="was made by method 4, which this grnledger does not know"):
        nmf_results.read(repo.artifacts.find_by_prefix(made.key))
    assert not modules_of(repo, "v1", ranks=(2, 2), restarts=2).reused


def test_an_analysis_that_the_disk_does_not_give_counts_as_missing(
    repo: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    artifact, real = keep(repo), hdf5.read

    def refused(index: hdf5.Location, *kinds: str) -> hdf5.StoredFile:
        if layout.ARTIFACT in kinds:
            raise OSError(errno.EIO, "Input/output error", str(index.path))
        return real(index, *kinds)

    monkeypatch.setattr(hdf5, "read", refused)
    assert repo.artifacts.find("other", "a" * 64, {"seed": 0}) is None
    with pytest.raises(FormatError, match="cannot be read: Input/output error"):
        repo.artifacts.read(artifact.key)
    assert repo.artifacts.unsound() == 1
    repo.export(tmp_path / "all.h5")
    assert grnledger.clone(repo.path, tmp_path / "twin.grn").artifacts.keys() == []


def test_a_copy_reports_how_many_analyses_it_lacks(repo: Repository, grn: Callable[..., Any], tmp_path: Path) -> None:
    damaged(file_of(repo, keep(repo).key))
    assert "Note: 1 analysis left out" in grn("clone", repo.path, tmp_path / "twin.grn").err
    assert "Note: 1 analysis left out" in grn("-s", repo.path, "export", tmp_path / "all.h5").err


def test_leftovers_of_dead_writers_are_swept(repo: Repository) -> None:
    keep(repo)
    left = durable.temporary_of(file_of(repo, "0" * 64))
    left.write_bytes(b"half")
    os.utime(left, (0, 0))
    assert durable.sweep(repo.path) == 1
    assert not left.exists()
