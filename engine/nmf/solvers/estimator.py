# ruff: noqa: ARG002, N803
# (scikit-learn calls the samples X, and hands every fit a y)
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportMissingTypeStubs=false
# (neither scipy nor scikit-learn ships types for what is used of them here)
"""KL-NMF as scikit-learn has its estimators, samples × features, without needing scikit-learn."""

from __future__ import annotations

import warnings
from contextlib import contextmanager
from dataclasses import KW_ONLY, dataclass, fields
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.sparse import csr_array, issparse

from ...errors import InputError
from ...mapping import Threads
from ...threads import cores
from ...wording import printable
from .observed import check_entries, check_observed, missing_entries, observe
from .solver import fit, fit_each
from .transform import transform

if TYPE_CHECKING:
    from collections.abc import Generator

    from numpy.typing import NDArray

    from .observed import Matrix


class EstimatorError(InputError, ValueError):
    """An `InputError` that is a `ValueError` too, which is what scikit-learn's tools wait for."""


class NotConvergedWarning(UserWarning):
    """A fit, or the usages of new samples, ended before the tolerance was met; the message says how far it came."""


@dataclass(eq=False)
class KLNMF:
    """Non-negative factors of X under the Kullback–Leibler divergence, as an estimator for scikit-learn's tools.

    X, shape (n_samples, n_features), is dense, sparse or a data frame: counts or intensities, none negative; NaN is
    missing. It is Vᵀ of `fit`, which does the work. As in scikit-learn, parameters are stored as they are and checked
    by `fit`, and fitted attributes have names that end in an underscore.

    Parameters
    ----------
    n_components : int
        R, from 1 to the smaller of n_samples and n_features; `rank_survey` helps to choose it.
    random_state : int, RandomState, Generator or None
        The seed of the start, or what it is drawn with; None for another one each time, to be read in `factorization_`.
    tol : float
        The fit has converged when three sweeps in a row gain less than this share of the divergence.
    max_iter : int
        The fit ends after so many sweeps, with a `NotConvergedWarning` unless it has converged.
    restarts : int
        Number of fits, from consecutive seeds; the one with the least divergence is used.
    threads : int or None
        At the most; as many as there are cores for None. The answer has the same bits with any number.

    Attributes
    ----------
    components_ : ndarray of float64, shape (n_components, n_features)
        Each row is a module, its weights on the features, and sums to one.
    n_components_, n_features_in_ : int
        R, and how many features X had.
    feature_names_in_ : ndarray of str
        The names of the columns, where X had any.
    reconstruction_err_ : float
        The divergence of the fit, Σ x log(x / y) − x + y over what was observed, y being the product of the factors.
        (scikit-learn's `NMF` has the square root of twice that.)
    n_iter_ : int
        The number of accepted sweeps of the best fit.
    factorization_ : Factorization
        The best fit itself, features × samples.

    Examples
    --------
    >>> from grnledger.engine.nmf import simulate_counts
    >>> X = simulate_counts(30, 20, 2, seed=1).counts.T
    >>> model = KLNMF(2).fit(X[:15])
    >>> model.transform(X[15:]).shape, model.components_.shape
    ((5, 2), (2, 30))
    """

    n_components: int = 2
    _: KW_ONLY
    random_state: Any = 0
    tol: float = 1e-7
    max_iter: int = 2_000
    restarts: int = 1
    threads: int | None = None

    def fit(self, X: Any, y: object = None) -> KLNMF:
        """Find the modules of X, shape (n_samples, n_features), and return this estimator; y is not used.

        Raises
        ------
        EstimatorError
            X or a parameter cannot be used; the value is named.
        """
        names, matrix = _names_of(X), _matrix_of(X)
        for name in ("n_components", "max_iter", "restarts"):
            if not (isinstance(getattr(self, name), (int, np.integer)) and getattr(self, name) >= 1):
                raise EstimatorError(f"{name} is a whole number from 1, not {getattr(self, name)!r}.")
        how: dict[str, Any] = {"tolerance": self.tol, "most_sweeps": self.max_iter}
        first = _seed(self.random_state)
        with _scikit_learn_errors():
            check_observed(missing_entries(matrix), "sample", "feature")
            observed = observe(matrix.T)
            if self.restarts == 1:
                best = fit(observed, self.n_components, seed=first, threads=self.threads, **how)
            else:
                seeds, mapper = range(first, first + self.restarts), Threads(self.threads or cores())
                fits = fit_each(observed, self.n_components, seeds, mapper=mapper, **how)
                best = min(fits, key=lambda candidate: candidate.divergence)
        if not best.converged:
            _warn(
                f"The fit ended after {self.max_iter:,} sweeps, which still gained more than {self.tol:g} of the "
                f"divergence each, {best.residual:.2g} from a stationary point: raise max_iter or tol."
            )
        self.factorization_ = best
        self.components_: NDArray[np.float64] = np.ascontiguousarray(best.modules.T)
        self.n_components_ = best.rank
        self.n_features_in_ = matrix.shape[1]
        self.reconstruction_err_ = best.divergence
        self.n_iter_ = best.sweeps
        if names is not None:
            self.feature_names_in_: NDArray[np.object_] = names
        elif hasattr(self, "feature_names_in_"):
            del self.feature_names_in_
        return self

    def transform(self, X: Any) -> NDArray[np.float64]:
        """Return how much of each module each sample has, the modules staying as they are.

        Parameters
        ----------
        X : array-like or sparse, shape (n_samples, n_features)
            Samples, in the units of those that were fitted.

        Returns
        -------
        ndarray of float64, shape (n_samples, n_components)
            In units of X. 0 for a sample of zeros; NaN where all features of a module are missing. See `transform`.

        Raises
        ------
        EstimatorError
            X cannot be used, or nothing is fitted yet.
        """
        self._check_fitted()
        self._check_names(_names_of(X))
        matrix = _matrix_of(X)
        if matrix.shape[1] != self.n_features_in_:
            raise EstimatorError(
                f"X has {matrix.shape[1]} features, but KLNMF is expecting {self.n_features_in_} features as input."
            )
        projection = transform(self.factorization_, matrix.T, threads=self.threads)
        ended = np.flatnonzero(~projection.converged)
        if len(ended):
            worst = ended[np.argmax(projection.excess[ended])]
            _warn(
                f"The usages of {len(ended):,} of {matrix.shape[0]:,} samples did not converge: the divergence of "
                f"sample {worst}, {projection.divergences[worst]:.6g}, may be {projection.excess[worst]:.2g} above the "
                "least. The modules are almost alike: try fewer."
            )
        return np.ascontiguousarray(projection.usage.T)

    def fit_transform(self, X: Any, y: object = None) -> NDArray[np.float64]:
        """Return `fit(X).transform(X)`, shape (n_samples, n_components); y is not used."""
        return self.fit(X).transform(X)

    def inverse_transform(self, X: Any) -> NDArray[np.float64]:
        """Return the product of usages X, shape (n_samples, n_components), and modules, shape (n_samples, n_features).

        Raises
        ------
        EstimatorError
            X has another number of columns, or nothing is fitted yet.
        """
        self._check_fitted()
        usage: Any = X if bool(issparse(X)) else np.asarray(X, dtype=np.float64)
        if usage.ndim != 2 or usage.shape[1] != self.n_components_:
            raise EstimatorError(f"Usages have the shape (n_samples, {self.n_components_}), not {usage.shape}.")
        return np.asarray(usage @ self.components_)

    def get_feature_names_out(self, input_features: Any = None) -> NDArray[np.object_]:
        """Return the names klnmf0, klnmf1, … of the columns of `transform`, shape (n_components,).

        Parameters
        ----------
        input_features : array-like of str, optional
            Names of the features, to be compared with those of the fit.

        Raises
        ------
        EstimatorError
            These are not the features of the fit, or nothing is fitted yet.
        """
        self._check_fitted()
        if input_features is not None:
            names, fitted_names = list(input_features), getattr(self, "feature_names_in_", None)
            if fitted_names is not None and names != list(fitted_names):
                raise EstimatorError("input_features is not equal to feature_names_in_.")
            if len(names) != self.n_features_in_:
                raise EstimatorError(
                    f"input_features should have length equal to number of features ({self.n_features_in_}), "
                    f"got {len(names)}."
                )
        return np.array([f"klnmf{index}" for index in range(self.n_components_)], dtype=object)

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Return the parameters by their names; none of them is an estimator, so `deep` changes nothing."""
        return {field.name: getattr(self, field.name) for field in fields(self)}

    def set_params(self, **params: Any) -> KLNMF:
        """Set parameters by their names, and return this estimator.

        Raises
        ------
        EstimatorError
            There is no parameter of that name.
        """
        known = [field.name for field in fields(self)]
        for name in params:
            if name not in known:
                raise EstimatorError(f"There is no parameter {name!r} of KLNMF: they are {', '.join(known)}.")
        for name, value in params.items():
            setattr(self, name, value)
        return self

    def __sklearn_tags__(self) -> Any:
        # Only scikit-learn asks, so that it is there.
        from sklearn.utils import InputTags, Tags, TargetTags, TransformerTags

        return Tags(
            estimator_type=None,
            target_tags=TargetTags(required=False),
            transformer_tags=TransformerTags(),
            input_tags=InputTags(sparse=True, allow_nan=True, positive_only=True),
        )

    def _check_fitted(self) -> None:
        if not hasattr(self, "factorization_"):
            raise EstimatorError("This KLNMF is not fitted yet.", hint="Call fit first.")

    def _check_names(self, names: NDArray[np.object_] | None) -> None:
        """Refuse columns of other names than those of the fit, and warn where only one of both had names."""
        fitted_names: NDArray[np.object_] | None = getattr(self, "feature_names_in_", None)
        if names is None and fitted_names is not None:
            _warn("X does not have valid feature names, but KLNMF was fitted with feature names", UserWarning)
        elif names is not None and fitted_names is None:
            _warn("X has feature names, but KLNMF was fitted without feature names", UserWarning)
        elif names is not None and fitted_names is not None and names.tolist() != fitted_names.tolist():
            message = "The feature names should match those that were passed during fit.\n"
            unseen, gone = sorted({*names} - {*fitted_names}), sorted({*fitted_names} - {*names})
            if unseen:
                message += f"Feature names unseen at fit time:\n{_listed(unseen)}"
            if gone:
                message += f"Feature names seen at fit time, yet now missing:\n{_listed(gone)}"
            if not (unseen or gone):
                message += "Feature names must be in the same order as they were in fit.\n"
            raise EstimatorError(message)


def _matrix_of(X: Any) -> Matrix:
    """Return X in double precision, samples × features, an ndarray or in CSR; refuse what is no matrix of amounts."""
    is_sparse = bool(issparse(X))
    stored: Any = X if is_sparse else np.asarray(X)
    if stored.dtype.kind == "c":
        raise EstimatorError("Complex data not supported: amounts are real.")
    if stored.ndim != 2:
        raise EstimatorError(
            f"X is samples × features, and not of shape {stored.shape}. Reshape your data: X.reshape(1, -1) is one "
            "sample, X.reshape(-1, 1) one feature."
        )
    for number, what in zip(stored.shape, ("sample", "feature"), strict=True):
        if number == 0:
            raise EstimatorError(f"Found 0 {what}(s) (shape={stored.shape}) while a minimum of 1 is required.")
    matrix: Matrix = csr_array(stored, dtype=np.float64, copy=True) if is_sparse else stored.astype(np.float64)
    if not isinstance(matrix, np.ndarray):
        matrix.sum_duplicates()
    with _scikit_learn_errors():
        check_entries(matrix, "sample", "feature")
    return matrix


def _names_of(X: Any) -> NDArray[np.object_] | None:
    """Return the names of a data frame's columns; None without, or where they are no texts."""
    names: list[Any] = list(getattr(X, "columns", ()))
    texts = [isinstance(name, str) for name in names]
    if any(texts) and not all(texts):
        raise TypeError("Feature names are only supported if all input features have string names.")
    return np.array(names, dtype=object) if any(texts) else None


def _listed(names: list[str], most: int = 5) -> str:
    return "".join(f"- {printable(name)}\n" for name in names[:most]) + ("- …\n" if len(names) > most else "")


def _seed(random_state: Any) -> int:
    if random_state is None or isinstance(random_state, np.random.Generator):
        return int(np.random.default_rng(random_state).integers(2**31))
    if isinstance(random_state, np.random.RandomState):
        return int(random_state.randint(2**31 - 1))
    if isinstance(random_state, (int, np.integer)) and random_state >= 0:
        return int(random_state)
    raise EstimatorError(f"random_state is a whole number from 0, a generator or None, not {random_state!r}.")


@contextmanager
def _scikit_learn_errors() -> Generator[None]:
    try:
        yield
    except InputError as error:
        words = "Negative values in data: " if "negative" in error.message else ""  # its tests look for these
        raise EstimatorError(words + error.message, hint=error.hint, code=error.code, facts=error.facts) from error


def _warn(message: str, kind: type[Warning] = NotConvergedWarning) -> None:
    warnings.warn(message, kind, stacklevel=3)
