"""Signals from files and labels, and the overlap of their samples with the base's."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from grnledger.analysis.base_values import prepare_kept
from grnledger.analysis.lmm.signals import among, compare_samples, signal_of_labels
from grnledger.engine.errors import InputError, NotFound
from grnledger.engine.lmm import t_statistics

from .conftest import SAMPLES

if TYPE_CHECKING:
    from pathlib import Path

    from .conftest import Study


@pytest.mark.parametrize(
    ("samples", "kind", "shared"),
    [(None, "unknown", 0), (("S01", "S03"), "disjoint", 0), (("S00", "S01"), "same", 1)],
)
def test_samples_of_a_signal_are_compared_with_the_bases(
    study: Study, samples: tuple[str, ...] | None, kind: str, shared: int
) -> None:
    relation = compare_samples(study.repo.base(), replace(study.signal, samples=samples))
    assert (relation.kind, relation.base, relation.shared) == (kind, 12, shared)
    assert ("not known" in relation.description) == (samples is None)


def test_samples_in_other_capitals_are_the_base_s_own(study: Study) -> None:
    relation = compare_samples(study.repo.base(), replace(study.signal, samples=("s00", "s02", "T1")))
    assert (relation.kind, relation.shared) == ("same", 2)


@pytest.mark.parametrize(
    ("samples", "message"), [((), "No sample is named"), (("S00", "s00"), "lower case alone: s00")]
)
def test_samples_that_cannot_be_compared_are_refused(study: Study, samples: tuple[str, ...], message: str) -> None:
    with pytest.raises(InputError, match=message):
        compare_samples(study.repo.base(), replace(study.signal, samples=samples))


def test_a_part_of_a_signal_is_chosen_by_id(study: Study) -> None:
    part = among(study.signal, ["G05", "G03", "X"], "tests")
    assert part.ids == ("G03", "G05")
    np.testing.assert_array_equal(part.values, study.signal.values[[3, 5]])
    with pytest.raises(InputError, match="no id is in both"):
        among(study.signal, ["X"], "tests")


def test_a_signal_of_labels_uses_the_samples_that_are_asked_for(study: Study, tmp_path: Path) -> None:
    base = study.repo.base()
    labels = tmp_path / "labels.tsv"
    labels.write_text("".join(f"{name}\t{'ab'[index % 4 // 2]}\n" for index, name in enumerate(SAMPLES)))
    own = signal_of_labels(base, labels, "a:b", same_samples=True)
    first = np.arange(0, 24, 2) % 4 // 2 == 0
    np.testing.assert_allclose(own.values[:, 0], t_statistics(study.values[:, ::2], first), rtol=1e-12)
    assert (own.samples, own.names) == (base.samples, ("a:b",))
    permuted = own.contrast.permuted_statistics(5, 1)
    assert permuted.shape == (40, 5)
    assert np.isfinite(permuted).all()
    for contrast, code in (("a", "contrast-without-two-groups"), ("a:a", "contrast-without-two-groups")):
        with pytest.raises(InputError) as refusal:
            signal_of_labels(base, labels, contrast)
        assert refusal.value.code == code
    with pytest.raises(NotFound, match="labelled c"):
        signal_of_labels(base, labels, "a:c")
    table = tmp_path / "all.tsv"
    lines = ["\t".join(["gene", *SAMPLES])]
    lines += [
        "\t".join([gene, *map(repr, row)]) for gene, row in zip(study.signal.ids, study.values.tolist(), strict=True)
    ]
    table.write_text("\n".join(lines) + "\n")
    others = signal_of_labels(base, labels, "a:b", expression=table)
    assert others.samples == SAMPLES[1::2]
    assert "12 samples of the base left out" in others.description
    labels.write_text("S00\ta\nS02\ta\nS01\tb\nS03\tb\n")
    with pytest.raises(InputError) as refusal:
        signal_of_labels(base, labels, "a:b", expression=table)
    assert refusal.value.code == "group-of-own-samples"


def test_the_values_of_a_base_are_prepared_as_for_its_estimate(study: Study) -> None:
    np.testing.assert_array_equal(prepare_kept(study.repo.base()).values, study.values[:, ::2])
