"""The picture of a scan."""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from profiles import BIN_WIDTH, bin_centres

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

LABELS = ("Position (pixel)", "FWHM (pixel)", "Area (counts)")
COLOURS = ("#d55e00", "#0072b2", "#007a5a")


def draw_scan(profiles: np.ndarray, peaks: np.ndarray, path: Path) -> None:
    """Draw the profiles as a map, beside the fitted peak over the scan.

    :param profiles: (n_frames, n_bins), counts per pixel
    :param peaks: (n_frames, 3): position (pixels), full width at half maximum
        (pixels), area (counts)
    :param path: PNG file to write
    """
    # Here and not above: only this task needs matplotlib. Figure and not pyplot:
    # pyplot keeps global state and is not safe in threads.
    from matplotlib.figure import Figure

    figure = Figure(figsize=(11, 6), dpi=120, layout="constrained")
    figure.suptitle(f"Powder-diffraction scan of {len(peaks)} frames")
    grid = figure.add_gridspec(3, 2, width_ratios=(1.15, 1))
    draw_map(figure, figure.add_subplot(grid[:, 0]), profiles, peaks[:, 0])

    frames = np.arange(len(peaks))
    first = None
    for row, (label, colour) in enumerate(zip(LABELS, COLOURS)):
        axes = figure.add_subplot(grid[row, 1], sharex=first)
        first = first or axes
        axes.plot(frames, peaks[:, row], "o-", color=colour, markersize=4, linewidth=1)
        axes.set_ylabel(label)
        axes.grid(alpha=0.3)
        axes.tick_params(labelbottom=row == 2)
    first.set_title("Gaussian fit of the marked ring", fontsize="medium")
    axes.set_xlabel("Frame")
    figure.align_ylabels()
    figure.savefig(path, format="png")


def draw_map(
    figure: "Figure", axes: "Axes", profiles: np.ndarray, positions: np.ndarray
) -> None:
    """Draw all profiles as one image, and the fitted positions on it.

    :param figure: matplotlib figure that holds ``axes``
    :param axes: where to draw
    :param profiles: (n_frames, n_bins), counts per pixel
    :param positions: (n_frames,), pixels
    """
    seen = np.flatnonzero(np.isfinite(profiles).any(axis=0))
    radius = bin_centres(profiles.shape[1])
    image = axes.imshow(
        profiles,
        aspect="auto",
        origin="lower",
        interpolation="nearest",
        extent=(0, radius[-1] + BIN_WIDTH / 2, -0.5, len(profiles) - 0.5),
        vmin=0,
        vmax=np.nanmax(profiles),
        cmap="Greys",
    )
    frames = np.arange(len(positions))
    axes.plot(positions, frames, "--", color=COLOURS[0], linewidth=1.5, label="Fit")
    axes.legend(loc="upper left")
    axes.set_xlim(radius[seen[0]], radius[seen[-1]])
    axes.set_xlabel("Radius (pixel)")
    axes.set_ylabel("Frame")
    axes.set_title("Radial profiles", fontsize="medium")
    figure.colorbar(image, ax=axes, label="Mean intensity (counts per pixel)")
