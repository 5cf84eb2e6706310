"""One rank: integrate a part of a quarter of the unit circle, and write it down.

With mpi4py the numbers come from ``MPI.COMM_WORLD``; here they come from Slurm, so
that the example needs no MPI.
"""

import os
import sys
from pathlib import Path

rank, size = int(os.environ["SLURM_PROCID"]), int(os.environ["SLURM_NTASKS"])
steps = int(dict(zip(sys.argv[1::2], sys.argv[2::2]))["--steps"])

part = sum((1 - ((i + 0.5) / steps) ** 2) ** 0.5 for i in range(rank, steps, size)) / steps
folder = Path("parts")
folder.mkdir(exist_ok=True)
(folder / f"{rank}.txt").write_text(f"{os.environ['SLURMD_NODENAME']} {part!r}\n")
print(f"rank {rank} of {size} on {os.environ['SLURMD_NODENAME']}")
