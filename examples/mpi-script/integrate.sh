#!/bin/sh
# The step of the job has a process for each rank; an MPI program is started alike.
exec srun python3 rank.py "$@"
