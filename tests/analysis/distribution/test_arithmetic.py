"""What the last digits depend on, and what is said where it differs."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest
from grnledger.analysis.distribution.arithmetic import arithmetic, check_arithmetic, differences
from grnledger.engine.errors import EngineError

CODE = "import json; from grnledger.analysis.distribution.arithmetic import arithmetic; print(json.dumps(arithmetic()))"


def elsewhere(**variables: str) -> dict[str, str]:
    """Return the facts of a new process, with variables of the environment."""
    done = subprocess.run(
        [sys.executable, "-c", CODE], env={**os.environ, **variables}, capture_output=True, text=True, check=True
    )
    return json.loads(done.stdout)


def test_another_process_with_the_same_variables_has_the_same_facts() -> None:
    facts = elsewhere()
    assert facts == arithmetic()
    check_arithmetic(facts, "here")
    assert set(facts) == {"grnledger", "numpy", "scipy", "numba", "code", "BLAS", "processor", "rounding"}
    assert differences(facts, {**facts, "numpy": "1"}) == ["numpy"]
    assert differences(facts, {}) == list(facts)


@pytest.mark.skipif("openblas" not in arithmetic()["BLAS"], reason="only OpenBLAS is told its kernels by a variable")
def test_other_kernels_are_seen_by_their_name_and_by_their_rounding() -> None:
    kernels = (elsewhere(OPENBLAS_CORETYPE=name) for name in ("Prescott", "Haswell", "SkylakeX"))
    other = next((facts for facts in kernels if facts["BLAS"] != arithmetic()["BLAS"]), None)
    if other is None:
        pytest.skip("this OpenBLAS has no other kernels for this processor")
    assert differences(arithmetic(), other) == ["BLAS", "rounding"]
    with pytest.raises(
        EngineError, match="The worker on a node would compute other last digits: BLAS openblas"
    ) as said:
        check_arithmetic(other, "on a node")
    assert said.value.code == "other-processor"


def test_another_processor_to_compile_for_is_seen() -> None:
    name = "nocona" if arithmetic()["processor"] == "generic" else "generic"
    assert differences(arithmetic(), elsewhere(NUMBA_CPU_NAME=name)) == ["processor"]
