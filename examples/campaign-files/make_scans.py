"""Write simulated scans: angle and counts of one peak, one text file each.

    python make_scans.py [--scans 12] [--cut 5]

The peak wanders from 20.0 to 21.0 degrees. ``--cut`` leaves out the end of these
scans, as a full disk would.
"""

import argparse
from pathlib import Path

import numpy as np


def scan(number: int, count: int) -> np.ndarray:
    """Return angles and counts of a scan, one row per angle."""
    angles = np.linspace(18, 23, 201)
    center = 20 + number / max(1, count - 1)
    peak = 1000 * np.exp(-0.5 * ((angles - center) / 0.2) ** 2)
    return np.column_stack([angles, np.rint(peak + 50)])


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--scans", type=int, default=12)
    parser.add_argument("--cut", type=int, nargs="*", default=[])
    options = parser.parse_args()
    folder = Path("raw")
    folder.mkdir(exist_ok=True)
    for number in range(options.scans):
        rows = scan(number, options.scans)
        if number in options.cut:
            rows = rows[:20]
        np.savetxt(folder / f"scan_{number:02}.txt", rows, fmt=["%.3f", "%d"], header="angle counts")
    print(options.scans, "scans in", folder)


if __name__ == "__main__":
    main()
