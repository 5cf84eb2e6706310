"""The physics of the example: what was simulated comes back from the reduction."""

import json
from pathlib import Path
from typing import Tuple

import make_frames
import numpy as np
import profiles
import pytest
from ewokscore import execute_graph

HERE = Path(__file__).parent
N_FRAMES = 36
RING = 2  # the one that workflow.json fits


def reduce_scan(data: Path, output: Path) -> dict:
    """Run ``workflow.json`` and return its final outputs."""
    inputs = [
        {"id": "scan", "name": "data", "value": str(data)},
        {"id": "scan", "name": "output", "value": str(output)},
    ]
    return execute_graph(str(HERE / "workflow.json"), inputs=inputs)


@pytest.fixture(scope="module")
def reduced(tmp_path_factory: pytest.TempPathFactory) -> Tuple[Path, dict]:
    """The results directory and the final outputs for the standard scan."""
    root = tmp_path_factory.mktemp("reduction")
    make_frames.write_scan(root / "data", N_FRAMES)
    return root / "output", reduce_scan(root / "data", root / "output")


def test_peak_is_the_simulated_one(reduced: Tuple[Path, dict]) -> None:
    """Fitted position, width and area follow the simulated ring over the scan."""
    table = np.loadtxt(reduced[0] / "peaks.csv", delimiter=",", skiprows=1)
    frames = range(N_FRAMES)
    assert list(table[:, 0]) == list(frames)

    cold_radius = make_frames.RING_RADII[RING]
    radius = [make_frames.ring_radius(cold_radius, i, N_FRAMES) for i in frames]
    np.testing.assert_allclose(table[:, 1], radius, rtol=0, atol=0.03)

    sigma = np.array([make_frames.ring_sigma(i, N_FRAMES) for i in frames])
    np.testing.assert_allclose(table[:, 2], profiles.FWHM * sigma, rtol=0.03)

    cold_height = make_frames.RING_HEIGHTS[RING]
    height = [make_frames.ring_height(cold_height, i, N_FRAMES) for i in frames]
    area = np.sqrt(2 * np.pi) * sigma * height
    np.testing.assert_allclose(table[:, 3], area, rtol=0.02)


def test_results_are_the_expected_ones(reduced: Tuple[Path, dict]) -> None:
    """Final outputs and CSV equal the committed ones, character by character."""
    output, result = reduced
    expected = json.loads((HERE / "expected.json").read_text())
    for name in ("csv", "png"):
        expected[name] = str(output / Path(expected[name]).name)
    assert result == expected
    csv = (output / "peaks.csv").read_bytes()
    assert csv == (HERE / "expected.csv").read_bytes()
    assert (output / "peaks.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("n_frames", [1, 5, 7])
def test_number_of_frames_is_free(tmp_path: Path, n_frames: int) -> None:
    """Scans shorter than, or no multiple of, the number of parts lose no frame."""
    make_frames.write_scan(tmp_path / "data", n_frames)
    result = reduce_scan(tmp_path / "data", tmp_path / "output")
    assert result["n_frames"] == n_frames
    assert len((tmp_path / "output" / "peaks.csv").read_text().splitlines()) == (
        n_frames + 1
    )


@pytest.mark.parametrize(
    "profile",
    [
        np.full(240, 3.0),  # flat
        np.arange(240.0),  # a slope
        np.full(240, np.nan),  # all masked
        np.exp(-0.5 * ((profiles.bin_centres(240) - 60.0) / 2.0) ** 2),  # elsewhere
    ],
)
def test_no_peak_is_an_error(profile: np.ndarray) -> None:
    """The fit names the frame and does not invent a peak."""
    with pytest.raises(ValueError, match="frame 0"):
        profiles.fit(profile[np.newaxis], near=97.0, window=9.0)


def test_noise_is_no_peak() -> None:
    """Counting noise alone is refused."""
    random = np.random.RandomState(1)
    for _ in range(200):
        profile = 10.0 + 0.2 * random.standard_normal(240)
        with pytest.raises(ValueError):
            profiles.fit(profile[np.newaxis], near=97.0, window=9.0)


def test_fit_finds_any_peak() -> None:
    """Noise-free peaks come back exactly, wherever they lie in the window."""
    seed = 7
    random = np.random.RandomState(seed)
    radius = profiles.bin_centres(240)
    for _ in range(200):
        position, sigma = random.uniform(92, 102), random.uniform(1.0, 3.0)
        height, background = random.uniform(1, 1e4), random.uniform(0, 100)
        distance = (radius - position) / sigma
        profile = background + height * np.exp(-0.5 * distance**2)
        peak = profiles.fit(profile[np.newaxis], near=97.0, window=9.0)[0]
        area = height * sigma * np.sqrt(2 * np.pi)
        expected = [position, profiles.FWHM * sigma, area]
        np.testing.assert_allclose(peak, expected, rtol=1e-6, err_msg=f"seed {seed}")
