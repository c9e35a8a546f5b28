"""Whether images show what they are said to show: sign, poses, CTF and labels.

An oracle reconstruction sums images back along their poses with their CTF, which is the adjoint of projecting. So its
inner product with the truth is that of the images with the projections of the truth: their correlation has the sign
that the reconstruction's has, image by image, and with an error.
"""

from __future__ import annotations

import numpy as np

from cryobench.datasets.checks.comparison import Comparison, Fit
from cryobench.datasets.checks.finding import Finding
from cryobench.datasets.checks.means import mean_of
from cryobench.datasets.checks.rivals import CONVENTIONS, OTHER_CTF, OTHER_POSE, OTHER_STATE, STRANGERS

_CERTAIN = 4.0
_HALF = 0.5
_MOST = 0.8
_ALIKE = 1 - 1e-5

BELONGS = {OTHER_POSE: "pose fit", OTHER_CTF: "CTF fit", OTHER_STATE: "label fit"}
"""Which check a rival decides."""

_ADVICE = {rival.name: rival.advice for rival in (*CONVENTIONS, *STRANGERS)} | {
    OTHER_STATE: "bring labels, volumes and images into the same order"
}


def check_sign(comparison: Comparison, sign: int, looked_at: str) -> Finding:
    """Return whether images correlate positively with projections of their true volumes.

    Parameters
    ----------
    comparison
        Of a sample; its projections carry the sign that the images are said to have.
    sign
        That sign: -1 where the particle is bright.
    looked_at
        The sample in words.
    """
    found = mean_of(comparison.correlations)
    values = {"correlation": found.value, "error": found.error}
    words = f"correlation of images and projections of the truth {found.words()} ({looked_at})"
    if found.above(_CERTAIN):
        return Finding(check="sign", status="ok", words=words, values=values)
    if found.below(_CERTAIN):
        shade = "bright" if sign < 0 else "dark"
        advice = (
            f"the particle was expected to be {shade}: multiply every image by -1, or correct the sign that "
            "dataset.json gives"
        )
        return Finding(check="sign", status="fault", words=f"inverted: {words}", advice=advice, values=values)
    advice = (
        "poses, CTF, labels or true volumes do not belong to these images, or there are too few: try more (--images)"
    )
    return Finding(check="sign", status="fault", words=f"no {words}", advice=advice, values=values)


def check_fits(comparison: Comparison) -> list[Finding]:
    """Return whether poses, CTF and labels belong to the images, by what fits worse if they do.

    A rival's correlation with an image is expected to be the image's own times that of the two projections. What the
    own projection has ahead of the rival is compared with that: as much, half, or nothing of it.
    """
    side = np.sign(comparison.correlations.mean())
    fits = {name: Fit(side * fit.rival, fit.alike, side * fit.own) for name, fit in comparison.fits.items()}
    findings = []
    for rival in CONVENTIONS:
        ahead = mean_of(fits[rival.name].own - fits[rival.name].rival)
        if ahead.below(_CERTAIN):
            words = f"{rival.name} fit better: the correlation would rise by {-ahead.value:.3g} ± {ahead.error:.2g}"
            findings.append(Finding(check="conventions", status="fault", words=words, advice=rival.advice))
    if findings:
        why = "mend the conventions first"
        return findings + [Finding(check=check, status="not done", words=why) for check in BELONGS.values()]
    tried = ", ".join(rival.name for rival in CONVENTIONS)
    findings.append(Finding(check="conventions", status="ok", words=f"nothing fits better of {tried}"))
    return findings + [_belongs(name, check, fits.get(name)) for name, check in BELONGS.items()]


def _belongs(name: str, check: str, fit: Fit | None) -> Finding:
    if fit is None:
        return Finding(check=check, status="not done", words="there is one state alone")
    ahead, expected = mean_of(fit.own - fit.rival), mean_of(fit.own * (1 - fit.alike))
    share = ahead.value / expected.value if expected.value > 0 else 0.0
    values = {"ahead": ahead.value, "error": ahead.error, "expected": expected.value}
    said = f"ahead of {name} by {ahead.value:.2g} ± {ahead.error:.1g} in correlation, {expected.value:.2g} expected"
    if np.median(fit.alike) > _ALIKE:
        words = f"{name} makes the same images"
        return Finding(check=check, status="not done", words=words, values=values)
    if expected.value < 2 * _CERTAIN * ahead.error and not ahead.above(_CERTAIN):
        words = f"cannot be told in this noise from {len(fit.own)} images: {said}"
        return Finding(check=check, status="not done", words=words, values=values)
    if share < _HALF:
        words = f"no better than {name}: {said}"
        return Finding(check=check, status="fault", words=words, advice=_ADVICE[name], values=values)
    short = mean_of(fit.own - fit.rival - _MOST * fit.own * (1 - fit.alike))
    if short.below(_CERTAIN):
        words = f"worse than it should: {said}"
        advice = f"some do not belong to their images, or the true volumes are not those of the images: {_ADVICE[name]}"
        return Finding(check=check, status="warning", words=words, advice=advice, values=values)
    return Finding(check=check, status="ok", words=said, values=values)


def trusted(comparison: Comparison, findings: list[Finding]) -> bool:
    """Return whether images show their particles well enough that what is left without them is noise."""
    found = mean_of(comparison.correlations)
    correlated = found.above(_CERTAIN) or found.below(_CERTAIN)
    return correlated and not any(finding.status == "fault" and finding.check != "sign" for finding in findings)
