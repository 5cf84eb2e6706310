"""Radial integration and peak fit: the ``method`` tasks of ``workflow.json``."""

from typing import Tuple

import numpy as np

BIN_WIDTH = 0.5  # of a radial profile, pixels
FWHM = 2.0 * np.sqrt(2.0 * np.log(2.0))  # of a Gaussian, standard deviations


def bin_centres(n_bins: int) -> np.ndarray:
    """Radii of the bins of a profile: (n_bins,), pixels."""
    return (np.arange(n_bins) + 0.5) * BIN_WIDTH


def integrate(images: np.ndarray, centre: np.ndarray) -> np.ndarray:
    """Average images over the circles around the beam centre.

    Only circles that lie wholly on the detector are used.

    :param images: (n_frames, rows, columns), counts per pixel, NaN = masked
    :param centre: (2,), row and column of the beam, pixels
    :returns: (n_frames, n_bins), counts per pixel, NaN = no pixel in the bin
    """
    rows, columns = np.indices(images.shape[1:])
    radius = np.sqrt((rows - centre[0]) ** 2 + (columns - centre[1]) ** 2)
    last_pixel = np.array(images.shape[1:]) - 1
    reach = min(np.min(centre), np.min(last_pixel - centre))
    n_bins = int(reach / BIN_WIDTH)
    bins = np.floor(radius / BIN_WIDTH).astype(np.intp)

    profiles = np.full((len(images), n_bins), np.nan)
    for profile, image in zip(profiles, images):
        used = np.isfinite(image) & (bins < n_bins)
        counts = np.bincount(bins[used], weights=image[used], minlength=n_bins)
        pixels = np.bincount(bins[used], minlength=n_bins)
        np.divide(counts, pixels, out=profile, where=pixels > 0)
    return profiles


def join(*parts: np.ndarray) -> np.ndarray:
    """Join the profiles of consecutive parts of a scan.

    :param parts: each (n_frames of the part, n_bins)
    :returns: (n_frames, n_bins)
    """
    return np.concatenate(parts)


def fit(profiles: np.ndarray, near: float, window: float) -> np.ndarray:
    """Fit one Gaussian peak on a constant background in every profile.

    :param profiles: (n_frames, n_bins), counts per pixel
    :param near: expected peak position, pixels
    :param window: half width of the fitted range around ``near``, pixels
    :returns: (n_frames, 3): position (pixels), full width at half maximum
        (pixels) and area (counts, the integral over the radius)
    :raises ValueError: a frame without a clear peak whose half maximum lies in
        the window
    """
    radius = bin_centres(profiles.shape[1])
    inside = np.abs(radius - near) <= window
    peaks = np.empty((len(profiles), 3))
    for frame, profile in enumerate(profiles):
        used = inside & np.isfinite(profile)
        try:
            peak = fit_gaussian(radius[used], profile[used])
        except (ValueError, np.linalg.LinAlgError) as error:
            raise ValueError(f"frame {frame}, radius {near}: {error}") from error
        height, position, sigma, noise = peak
        fwhm = FWHM * sigma
        resolved = fwhm >= 2 * BIN_WIDTH and abs(position - near) + fwhm / 2 <= window
        if height < 5 * noise or not resolved:
            raise ValueError(f"frame {frame}: no peak within {window} of {near} pixels")
        peaks[frame] = position, fwhm, height * sigma * np.sqrt(2.0 * np.pi)
    return peaks


def fit_gaussian(x: np.ndarray, y: np.ndarray) -> Tuple[float, float, float, float]:
    """Least-squares Gaussian on a constant background, by Gauss-Newton steps.

    The number of steps is fixed, so that equal input gives equal output.

    :param x: (n,), pixels
    :param y: (n,), counts per pixel
    :returns: height (counts per pixel), position (pixels), standard deviation
        (pixels), root mean square of the residuals (counts per pixel)
    :raises ValueError: too few points, a flat profile or a fit that diverges
    """
    if len(x) < 5:
        raise ValueError(f"{len(x)} points are too few for a fit")
    background = y.min()
    height = y.max() - background
    if height <= 0:
        raise ValueError("the profile is flat")
    area = np.sum(y - background) * (x[1] - x[0])
    sigma = area / (height * np.sqrt(2.0 * np.pi))
    parameters = np.array([height, x[np.argmax(y)], sigma, background])
    for _ in range(20):
        height, position, sigma, background = parameters
        distance = (x - position) / sigma
        shape = np.exp(-0.5 * distance**2)
        slope = height * shape * distance / sigma
        jacobian = np.stack([shape, slope, slope * distance, np.ones_like(x)], axis=1)
        residual = y - background - height * shape
        parameters = parameters + np.linalg.lstsq(jacobian, residual, rcond=None)[0]
        if not np.isfinite(parameters).all():
            raise ValueError("the fit diverges")
    height, position, sigma, _ = parameters
    noise = np.sqrt(np.mean(residual**2))
    return float(height), float(position), abs(float(sigma)), float(noise)
