#!/bin/bash
# Runs on the login node as an ordinary user, with ewoks-hpc on the PATH, in a folder that holds examples/:
# a cluster of two GPU workers comes up, runs a workflow inside Slurm, and goes away.
set -euo pipefail

step() { # seconds, command...
    local limit=$1 status=0
    shift
    echo "+ $*"
    timeout "$limit" "$@" || status=$?
    if [ "$status" != 0 ]; then
        echo "ewoks: exit status $status of: $*" >&2
        exit 1
    fi
}

before=$(squeue --noheader --array --states=all --format=%A | sort -n | tail -n 1)
step 120 ewoks-hpc up --queue gpu --gres gpu:1 --cores 4 --memory 2GB --walltime 00:20:00 --jobs 2 --detach
step 300 ewoks-hpc run examples/sleep.json --cluster default -p 0=2
# Within MinJobAge finished jobs are still listed: a run that never used Slurm is told from one that did.
ran=$(squeue --noheader --array --states=RUNNING,COMPLETING,COMPLETED --partition=gpu --format='%A %T %b' |
    awk -v before="${before:-0}" '$1 > before')
step 60 ewoks-hpc status
step 120 ewoks-hpc down

if [ -z "$ran" ]; then
    echo "ewoks: no job of partition gpu ran: the workflow was executed outside Slurm" >&2
    exit 1
fi
if grep -qv 'gres[/:]gpu:1' <<<"$ran"; then
    printf 'ewoks: jobs that did not ask for a GPU:\n%s\n' "$ran" >&2
    exit 1
fi

deadline=$((SECONDS + 60))
until [ -z "$(squeue --noheader)" ]; do
    if ((SECONDS >= deadline)); then
        echo "ewoks: jobs left after down:" >&2
        squeue >&2
        exit 1
    fi
    sleep 0.5
done
echo "ewoks: up, run, status, down: ok"
