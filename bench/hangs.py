"""A task whose first attempt does not end: its worker is to be killed."""

import os
import time
from pathlib import Path


def once() -> int:
    """Note the time, hang if this is the first attempt, and return 0."""
    begins = Path(os.environ["BENCH_FOLDER"]) / "begins"
    first = not begins.exists()
    with begins.open("a") as f:
        f.write(f"{time.time()}\n")
    if first:
        time.sleep(3600)
    return 0
