"""Sentences that are recorded with a base: part of its content id, so they never change, options and all."""

from __future__ import annotations

from grnledger.engine.estimation import recorded_notes


def test_the_sentences_are_the_ones_that_stores_have_recorded() -> None:
    assert recorded_notes.hardly_detected(1, 1041, "(above 0) in fewer than 20 % of the 48 samples", 0.2) == (
        "1 of 1,041 genes is detected (above 0) in fewer than 20 % of the 48 samples; "
        "the strongest edges tend to be among them: consider --min-detected 0.2."
    )
    assert recorded_notes.hardly_detected(2041, 9020, "(above the floor of 20) in …", 0.2) == (
        "2,041 of 9,020 genes are detected (above the floor of 20) in …; "
        "the strongest edges tend to be among them: consider --min-detected 0.2."
    )
    start = "Values reach 12,345 and no transform was asked: consider --transform"
    assert recorded_notes.not_transformed(0.0, 12345.4) == f"{start} log1p."
    assert recorded_notes.not_transformed(2.0, 12345.4) == f"{start} log2."
    assert recorded_notes.not_transformed(-2.0, 12345.4) == f"{start} log2 with a --floor."
    assert recorded_notes.NO_FACTOR_HELPS == (
        "No factor helps to predict new samples, and a base without factors has no edges. Hardly detected genes are "
        "often the cause: consider --min-detected 0.2, or --factors K."
    )
    assert recorded_notes.components_dominate((0.414, 0.2, 0.1)).startswith(
        "The first principal component holds 41 % of the variance of standardised genes, the first 3 hold 71 %: most "
    )
    assert recorded_notes.expression_not_kept(256_400_000) == (
        "the expression of 256 MB is not kept with the base; --keep-expression keeps it"
    )
