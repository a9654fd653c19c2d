"""Agreement with peers: h², restricted likelihood, effects and p of one data set, by each of them.

    python -m benchmarks.lmm.agreement

200 rows, a factor of 20 columns, an intercept and a covariate, five tests. h² is computed as ours from their δ; GEMMA
has a scale of its own for K, so its h² is left out. statsmodels' likelihood is lower by ½ log|XᵀX|, which is added.
Peers that are not installed are left out.
"""

from __future__ import annotations

import contextlib
import re
import shutil
import subprocess
import tempfile
import warnings
from pathlib import Path

import numpy as np
from grnledger.engine.lmm import design, fit, fit_many, make_model, make_scanner, of_factor

from .. import setting

N, K, TESTS = 200, 20, 5


class Data:
    """A factor, a covariate, a trait and tests."""

    def __init__(self) -> None:
        stream = np.random.default_rng(3)
        self.factor = stream.standard_normal((N, K)) / np.sqrt(K)
        self.covariate = stream.standard_normal(N)
        along = self.factor @ stream.standard_normal(K)
        self.trait = 1.0 + 0.5 * self.covariate + along + stream.standard_normal(N)
        self.tests = stream.integers(0, 3, size=(TESTS, N)).astype(np.float64)
        self.x = np.column_stack([np.ones(N), self.covariate])


def ours(data: Data) -> None:
    """Print the row of grnledger."""
    model = make_model(of_factor(data.factor), data.trait, design(data.covariate[:, None]))
    null = fit_many(model)[0]
    scan = make_scanner(model, null).scan(data.tests)
    line("grnledger", null.h2, null.log_likelihood, null.effects[1], scan.log10_p)
    beside = [fit(model.kernel, data.trait, design(np.column_stack([data.covariate, test]))) for test in data.tests]
    line("grnledger, δ beside each", null.h2, null.log_likelihood, null.effects[1],
         np.array([test.effects_log10_p[2] for test in beside]))  # fmt: skip


def line(name: str, h2: float | None, value: float | None, effect: float | None, log10_p: np.ndarray | None) -> None:
    """Print a row."""
    numbers = "–" if log10_p is None else " ".join(f"{test:.6f}" for test in log10_p)
    likelihood = "–" if value is None else f"{value:.6f}"
    beta = "–" if effect is None else f"{effect:.6f}"
    share = "–" if h2 is None else f"{h2:.6f}"
    print(f"{name:<28}{share:<8}  {likelihood:>12}  {beta:>9}  {numbers}")


def scale_of(data: Data) -> float:
    """Return the mean variance of the kernel outside of the covariates."""
    frame, _ = np.linalg.qr(data.x)
    left = data.factor - frame @ (frame.T @ data.factor)
    return float(np.square(left).sum() / (N - 2))


def fast_lmm(data: Data) -> None:
    """Print the row of FaST-LMM."""
    from fastlmm.inference.lmm_cov import LMM
    from scipy.stats import f

    peer = LMM(X=data.x.copy(), Y=data.trait[:, None].copy(), G=data.factor.copy())
    h2 = float(peer.findH2()["h2"][0])
    scan = peer.nLLeval(h2=np.array([h2]), snps=data.tests.T.copy())
    statistic = np.asarray(scan["beta"] ** 2 / scan["variance_beta"]).ravel()
    s = scale_of(data)
    line("FaST-LMM", s * h2 / (s * h2 + 1 - h2), None, None, f.logsf(statistic, 1, N - 3) / np.log(10))


def statsmodels(data: Data) -> None:
    """Print the row of statsmodels' MixedLM."""
    from statsmodels.regression.mixed_linear_model import MixedLM, VCSpec

    parts = VCSpec(["k"], [[[f"c{at}" for at in range(K)]]], [[data.factor]])
    peer = MixedLM(data.trait, data.x, np.zeros(N), exog_re=np.empty((N, 0)), exog_vc=parts).fit(reml=True)
    kernel, noise = float(peer.vcomp[0]), float(peer.scale)
    s = scale_of(data)
    value = float(peer.llf) + 0.5 * float(np.linalg.slogdet(data.x.T @ data.x)[1])
    line("statsmodels MixedLM", s * kernel / (s * kernel + noise), value, float(peer.fe_params[1]), None)


def gemma(data: Data) -> None:
    """Print the row of GEMMA, -lmm 1: δ beside each test."""
    with tempfile.TemporaryDirectory() as folder:
        where = Path(folder)
        np.savetxt(where / "y.txt", data.trait)
        np.savetxt(where / "k.txt", data.factor @ data.factor.T, delimiter="\t")
        np.savetxt(where / "c.txt", data.x)
        rows = [f"rs{at},A,T," + ",".join(map(str, test.astype(int))) for at, test in enumerate(data.tests)]
        (where / "x.txt").write_text("\n".join(rows) + "\n")
        command = [
            "gemma",
            "-g",
            "x.txt",
            "-p",
            "y.txt",
            "-k",
            "k.txt",
            "-c",
            "c.txt",
            "-lmm",
            "1",
            "-maf",
            "0",
            "-o",
            "out",
        ]
        subprocess.run(command, cwd=where, check=True, capture_output=True)
        log = (where / "output" / "out.log.txt").read_text()
        value = float(re.search(r"REMLE log-likelihood in the null model = (\S+)", log)[1])
        lines = [row.split("\t") for row in (where / "output" / "out.assoc.txt").read_text().splitlines()]
    p = np.array([float(row[lines[0].index("p_wald")]) for row in lines[1:]])
    line("GEMMA -lmm 1", None, value, None, np.log10(p))


def main() -> None:
    """Print a row for each."""
    print(setting.described(1, "fastlmm", "statsmodels"))
    print(f"{'':<28}{'h²':<10}{'REML':>12}  {'β':>9}  log10 p of five tests")
    data = Data()
    ours(data)
    warnings.simplefilter("ignore")
    for peer in (fast_lmm, statsmodels):
        with contextlib.suppress(ImportError):
            peer(data)
    if shutil.which("gemma"):
        gemma(data)


if __name__ == "__main__":
    main()
