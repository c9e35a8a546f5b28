"""Whether trivial numbers of an image tell its state, so that a method could score without seeing the particle."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float64

from cryobench.core import ImageSource
from cryobench.datasets.checks.comparison import Comparison
from cryobench.datasets.checks.finding import Finding, Status
from cryobench.datasets.checks.guessing import LEAST, Guess, guess_state
from cryobench.datasets.checks.noise import background_features, image_statistics
from cryobench.datasets.checks.sample import Sample

_NOISELESS = 0.98
_CENTRED = 0.1
_CHUNK = 2**22

LEAKS = ("leak: noise", "leak: image mean and s.d.", "leak: CTF", "leak: order")


def worth_a_guess(sample: Sample) -> bool:
    """Return whether a sample has at least two states, of at least 10 images each."""
    counts = np.unique(sample.labels, return_counts=True)[1]
    return len(counts) >= 2 and bool((counts >= LEAST).all())


def check_order(sample: Sample, seed: int) -> Finding:
    """Return whether the position in the dataset tells the state, which a method must not use."""
    guess = guess_state(sample.indices[:, None].astype(np.float64), sample.labels, seed)
    if not guess.told:
        return _finding("leak: order", "ok", f"the position in the files does not tell: {guess.words()}", guess)
    words = f"the position in the files tells the state: {guess.words()}"
    advice = (
        "particles lie in the order of their states, by design of these datasets: a method must not use it, so shuffle "
        "them for one that might"
    )
    return _finding("leak: order", "warning", words, guess, advice)


def check_ctf_leak(table: Float64[np.ndarray, "n 7"], sample: Sample, seed: int) -> Finding:
    """Return whether the CTF parameters of the sample's particles tell the state."""
    guess = guess_state(table, sample.labels, seed)
    if not guess.told:
        return _finding("leak: CTF", "ok", f"CTF parameters do not tell: {guess.words()}", guess)
    advice = "draw the CTF parameters of all states from one table, whatever the state"
    return _finding("leak: CTF", "warning", f"LEAK: CTF parameters tell the state: {guess.words()}", guess, advice)


def check_statistics_leak(
    statistics: Float64[np.ndarray, "n 2"], comparison: Comparison | None, sample: Sample, seed: int
) -> Finding:
    """Return whether mean and standard deviation of the pixels tell the state, and whether the particle explains it.

    A larger particle has more contrast: that is no leak. So the same statistics of clean projections are asked too.
    """
    name = "leak: image mean and s.d."
    guess = guess_state(statistics, sample.labels, seed)
    if not guess.told:
        return _finding(name, "ok", f"they do not tell: {guess.words()}", guess)
    if comparison is None:
        words = f"they tell the state: {guess.words()}; without true volumes, that may be the particle's size"
        advice = "add the true volumes to find out how much of it the particle explains"
        return _finding(name, "warning", words, guess, advice)
    clean = guess_state(comparison.clean_statistics, sample.labels, seed)
    values = {"clean": clean.accuracy}
    words = f"{guess.words()}; clean projections alone {clean.accuracy:.1%}"
    slack = max(clean.limit - clean.chance, 0.0)
    if guess.accuracy > clean.accuracy + slack:
        advice = "something beside the particle tells it: see the noise, and whether images were scaled state by state"
        return _finding(name, "warning", f"LEAK: more than the particle explains: {words}", guess, advice, values)
    return _finding(name, "ok", f"the particle's own size and contrast: {words}", guess, "", values)


def check_noise_leak(comparison: Comparison, means: Float64[np.ndarray, " n"], sample: Sample, seed: int) -> Finding:
    """Return whether the noise tells the state: what is left of images when their fitted projections are taken off.

    Parameters
    ----------
    comparison
        Of images and projections.
    means
        Mean pixel of each image: where all were set to zero, the mean of the residual says nothing of the noise.
    sample, seed
        Whose states are guessed.
    """
    if np.abs(comparison.correlations).mean() > _NOISELESS:
        words = "the images hold next to no noise, so it tells nothing"
        return Finding(check="leak: noise", status="not done", words=words)
    features = comparison.noise[:, 1:] if _are_centred(means, comparison.noise) else comparison.noise
    guess = guess_state(features, sample.labels, seed)
    return _noise_finding(guess, "images without their projections", _level_spread(comparison.noise[:, -1], sample))


def check_background_leak(features: Float64[np.ndarray, "n 2"], sample: Sample, seed: int) -> Finding:
    """Return whether the corners of the images tell the state, where there is no truth to subtract."""
    guess = guess_state(features, sample.labels, seed)
    where = "pixels outside the circle that touches the edges, since images cannot be compared with true volumes"
    return _noise_finding(guess, where, _level_spread(2 * features[:, -1], sample))


def gather_statistics(
    images: ImageSource, sample: Sample
) -> tuple[Float64[np.ndarray, "n 2"], Float64[np.ndarray, "n 2"]]:
    """Return :func:`image_statistics` and :func:`background_features` of the images of a sample."""
    step = max(1, _CHUNK // images.box**2)
    read = (images.read(sample.indices[i : i + step]) for i in range(0, len(sample), step))
    pairs = [(image_statistics(chunk), background_features(chunk)) for chunk in read]
    return np.concatenate([pair[0] for pair in pairs]), np.concatenate([pair[1] for pair in pairs])


def _noise_finding(guess: Guess, where: str, spread: float) -> Finding:
    values = {"level_ratio": spread}
    said = f"{guess.words()}, from {where}; noise level of the states: a factor {spread:.3g} apart at most"
    if not guess.told:
        return _finding("leak: noise", "ok", f"the noise does not tell: {said}", guess, "", values)
    advice = (
        "give all states one noise level (noise scope `dataset`, not `state`), or read scores knowing that a method "
        "can tell the state without the particle"
    )
    return _finding("leak: noise", "warning", f"LEAK: the noise tells the state: {said}", guess, advice, values)


def _finding(
    check: str, status: Status, words: str, guess: Guess, advice: str = "", values: dict[str, float] | None = None
) -> Finding:
    numbers = {"accuracy": guess.accuracy, "chance": guess.chance, "limit": guess.limit, "images": float(guess.images)}
    return Finding(check=check, status=status, words=words, advice=advice, values=numbers | (values or {}))


def _are_centred(means: Float64[np.ndarray, " n"], noise: Float64[np.ndarray, "n 4"]) -> bool:
    """Return whether images were brought to mean zero, one by one: they scatter less than their residuals do."""
    return bool(means.std() < _CENTRED * noise[:, 0].std())


def _level_spread(log_power: Float64[np.ndarray, " n"], sample: Sample) -> float:
    """Return the ratio of the largest to the smallest noise amplitude of a state, by medians."""
    levels = [np.median(log_power[sample.labels == state]) for state in sample.chosen]
    return float(np.exp((max(levels) - min(levels)) / 2))
