"""Reading, correcting and writing: the ``class`` tasks of ``workflow.json``."""

import json
from pathlib import Path

import numpy as np
from ewokscore import Task
from plot import draw_scan


class OpenScan(
    Task,
    input_names=["data", "output", "parts"],
    output_names=["files", "dark", "mask", "centre", "output", "n_frames"],
):
    """Read what all frames share, and split the scan into parts.

    Inputs: ``data``, directory of the scan; ``output``, directory of the
    results, created here so that a wrong path fails before the work starts;
    ``parts``, number of parts.

    Outputs: ``files``, one list of frame files per part; ``dark`` (rows,
    columns), uint16 counts; ``mask`` (rows, columns), True = ignore; ``centre``
    (2,), row and column of the beam in pixels; ``output``; ``n_frames``.
    """

    def run(self) -> None:
        data = Path(self.inputs.data)
        files = sorted(str(path) for path in data.glob("frame_*.npy"))
        if not files:
            raise FileNotFoundError(f"no frame_*.npy in '{data}': run make_frames.py")
        Path(self.inputs.output).mkdir(parents=True, exist_ok=True)

        geometry = json.loads((data / "geometry.json").read_text())
        parts = int(self.inputs.parts)
        edges = [len(files) * part // parts for part in range(parts + 1)]
        self.outputs.files = [files[a:b] for a, b in zip(edges, edges[1:])]
        self.outputs.dark = np.load(data / "dark.npy")
        self.outputs.mask = np.load(data / "mask.npy")
        self.outputs.centre = np.array(
            [geometry["centre_row"], geometry["centre_column"]]
        )
        self.outputs.output = self.inputs.output
        self.outputs.n_frames = len(files)


class CorrectFrames(
    Task, input_names=["files", "part", "dark", "mask"], output_names=["images"]
):
    """Load the frames of one part, subtract the dark frame and apply the mask.

    Inputs: ``files``, ``dark`` and ``mask`` of `OpenScan`; ``part``, from 0.

    Output: ``images`` (n_frames of the part, rows, columns), float32 counts per
    pixel, NaN = masked.
    """

    def run(self) -> None:
        files = self.inputs.files[self.inputs.part]
        dark = self.inputs.dark.astype(np.float32)
        images = np.empty((len(files),) + dark.shape, dtype=np.float32)
        for image, file in zip(images, files):
            # Whole counts below 2**24 are exact in float32: sums are exact too.
            image[:] = np.load(file) - dark
        images[:, self.inputs.mask] = np.nan
        self.outputs.images = images


class WriteCsv(Task, input_names=["peaks", "output"], output_names=["csv"]):
    """Write the fitted peaks as text, rounded far below their uncertainty.

    Inputs: ``peaks`` (n_frames, 3) of `profiles.fit`; ``output``, directory.
    Output: ``csv``, path of the file.
    """

    def run(self) -> None:
        lines = ["frame,position_px,fwhm_px,area_counts"]
        for frame, (position, fwhm, area) in enumerate(self.inputs.peaks):
            lines.append(f"{frame},{position:.4f},{fwhm:.4f},{area:.3f}")
        path = Path(self.inputs.output) / "peaks.csv"
        with open(path, "w", encoding="utf-8", newline="\n") as file:
            file.write("\n".join(lines) + "\n")
        self.outputs.csv = path.as_posix()


class WritePng(Task, input_names=["profiles", "peaks", "output"], output_names=["png"]):
    """Draw the profiles and the fitted peaks.

    Inputs: ``profiles`` (n_frames, n_bins), counts per pixel; ``peaks``
    (n_frames, 3) of `profiles.fit`; ``output``, directory.
    Output: ``png``, path of the file.
    """

    def run(self) -> None:
        path = Path(self.inputs.output) / "peaks.png"
        draw_scan(self.inputs.profiles, self.inputs.peaks, path)
        self.outputs.png = path.as_posix()


class Report(
    Task,
    input_names=["csv", "png", "n_frames", "peaks"],
    output_names=["csv", "png", "n_frames", "mean_position"],
):
    """Gather the small results; fail if frames were lost on the way.

    Inputs: ``csv`` and ``png``, paths; ``n_frames`` of `OpenScan`; ``peaks``
    (n_frames, 3) of `profiles.fit`.
    Outputs: ``csv``, ``png``, ``n_frames`` and ``mean_position`` (pixels).
    """

    def run(self) -> None:
        peaks, n_frames = self.inputs.peaks, self.inputs.n_frames
        if len(peaks) != n_frames:
            raise ValueError(f"{len(peaks)} peaks from {n_frames} frames")
        self.outputs.csv = self.inputs.csv
        self.outputs.png = self.inputs.png
        self.outputs.n_frames = n_frames
        self.outputs.mean_position = round(float(np.mean(peaks[:, 0])), 4)
