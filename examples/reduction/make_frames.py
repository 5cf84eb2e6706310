"""Simulate a powder-diffraction scan: the input of ``workflow.json``.

The sample is heated during the scan: its lattice expands, so the rings shrink,
broaden and fade a little from frame to frame. Same seed, same files.
"""

import argparse
import json
from pathlib import Path
from typing import Tuple

import numpy as np

SHAPE: Tuple[int, int] = (256, 256)  # detector (rows, columns), pixels
CENTRE: Tuple[float, float] = (124.3, 130.7)  # beam centre (row, column), pixels
RING_RADII = (60.0, 69.3, 98.0, 114.9)  # rings of an fcc powder, cold, pixels
RING_HEIGHTS = (140.0, 70.0, 90.0, 75.0)  # cold, counts per pixel
SCATTERING = 15.0  # diffuse scattering at the centre, counts per pixel
N_HOT = 60  # hot pixels
N_DARKS = 9  # dark exposures behind the dark frame
SEED = 20240517


def heating(frame: int, n_frames: int) -> float:
    """Progress of the heating at ``frame``: 0 (cold) to 1 (hot)."""
    return 0.5 * (1.0 - np.cos(np.pi * frame / max(n_frames - 1, 1)))


def ring_radius(cold: float, frame: int, n_frames: int) -> float:
    """Radius (pixels) at ``frame`` of a ring of radius ``cold`` (pixels)."""
    return cold * (1.0 - 0.02 * heating(frame, n_frames))


def ring_sigma(frame: int, n_frames: int) -> float:
    """Standard deviation (pixels) of the radial profile of every ring."""
    return 1.8 + 0.4 * heating(frame, n_frames)


def ring_height(cold: float, frame: int, n_frames: int) -> float:
    """Height at ``frame`` of a ring of height ``cold`` (counts per pixel)."""
    return cold * (1.0 - 0.3 * heating(frame, n_frames))


def pixel_radius() -> np.ndarray:
    """Distance of each pixel from the beam centre: SHAPE, pixels."""
    rows, columns = np.indices(SHAPE)
    return np.sqrt((rows - CENTRE[0]) ** 2 + (columns - CENTRE[1]) ** 2)


def scattering(frame: int, n_frames: int) -> np.ndarray:
    """Expected scattered intensity: SHAPE, counts per pixel."""
    radius = pixel_radius()
    intensity = SCATTERING * np.exp(-radius / 120.0)
    sigma = ring_sigma(frame, n_frames)
    for cold_radius, cold_height in zip(RING_RADII, RING_HEIGHTS):
        distance = (radius - ring_radius(cold_radius, frame, n_frames)) / sigma
        height = ring_height(cold_height, frame, n_frames)
        intensity += height * np.exp(-0.5 * distance**2)
    return intensity


def random_state(exposure: int) -> np.random.RandomState:
    """Random numbers of one exposure.

    RandomState and not Generator: only the stream of the former is the same in
    every numpy release.
    """
    return np.random.RandomState(SEED + exposure)


def detector() -> Tuple[np.ndarray, np.ndarray]:
    """Expected dark signal (counts per pixel) and mask (True = ignore): SHAPE both."""
    random = random_state(0)
    dark = 20.0 + 3.0 * random.random_sample(SHAPE)
    hot = np.zeros(SHAPE, dtype=bool)
    hot.flat[random.choice(hot.size, N_HOT, replace=False)] = True
    dark[hot] = 5000.0 + 20000.0 * random.random_sample(N_HOT)

    mask = hot | (pixel_radius() < 12.0)  # beam stop
    mask[:, 84:88] = True  # gap between two detector modules
    return dark, mask


def expose(expected: np.ndarray, exposure: int) -> np.ndarray:
    """One exposure with counting noise: SHAPE, uint16 counts."""
    counts = random_state(exposure).poisson(expected)
    return np.minimum(counts, 65535).astype(np.uint16)


def write_scan(directory: Path, n_frames: int) -> None:
    """Write frames, dark frame, mask and beam centre to ``directory``."""
    directory.mkdir(parents=True, exist_ok=True)
    for old in directory.glob("frame_*.npy"):
        old.unlink()

    dark, mask = detector()
    darks = [expose(dark, 1 + i) for i in range(N_DARKS)]
    np.save(directory / "dark.npy", np.median(darks, axis=0).astype(np.uint16))
    np.save(directory / "mask.npy", mask)
    centre = {"centre_row": CENTRE[0], "centre_column": CENTRE[1], "unit": "pixel"}
    (directory / "geometry.json").write_text(json.dumps(centre) + "\n")

    beam_stopped = pixel_radius() < 12.0
    for frame in range(n_frames):
        signal = np.where(beam_stopped, 0.0, scattering(frame, n_frames))
        image = expose(dark + signal, 1 + N_DARKS + frame)
        np.save(directory / f"frame_{frame:04d}.npy", image)


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description="Simulate a powder-diffraction scan.")
    parser.add_argument("directory", nargs="?", default="data", type=Path)
    parser.add_argument("--frames", default=36, type=int, help="number of frames")
    arguments = parser.parse_args()
    write_scan(arguments.directory, arguments.frames)
    print(f"{arguments.frames} frames in {arguments.directory}")


if __name__ == "__main__":
    main()
