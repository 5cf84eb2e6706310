#!/bin/bash
# Runs on the login node as an ordinary user: is this the Slurm cluster that the tests rely on?
set -euo pipefail

expect() { # what, wanted, got
    if [ "$2" != "$3" ]; then
        printf 'slurm: %s: got %q, want %q\n' "$1" "$3" "$2" >&2
        exit 1
    fi
    echo "slurm: $1: ok"
}

work=$(mktemp -d "$HOME/check-slurm.XXXXXX")
listener=
trap 'kill $listener 2>/dev/null || true; rm -rf "$work"' EXIT

expect "both nodes run a step" "c1 c2" "$(srun --nodes=2 hostname | sort | xargs)"
expect "each node offers 4 CPUs and 4000 MB" "4 4000" "$(sinfo --noheader --partition=debug --format='%c %m')"

# 2 jobs of 4 CPUs each: they only fit on two different nodes, at the same time.
job=$(sbatch --parsable --wait --partition=gpu --gres=gpu:1 --cpus-per-task=4 --mem=2G --array=0-1 \
    --output="$work/gpu-%a" --wrap='echo "$CUDA_VISIBLE_DEVICES $SLURM_JOB_PARTITION"; hostname >"'"$work"'/host-$SLURM_ARRAY_TASK_ID"')
expect "sbatch prints a job id" yes "$([[ $job =~ ^[0-9]+$ ]] && echo yes)"
expect "a job sees its GPU" "0 gpu 0 gpu" "$(cat "$work"/gpu-[01] | xargs)"
expect "jobs are spread over the nodes" "c1 c2" "$(sort "$work"/host-[01] | xargs)"
expect "no job sees a GPU unasked" none "$(srun --partition=gpu bash -c 'echo "${CUDA_VISIBLE_DEVICES:-none}"')"

# A worker dials the launcher on the login node by name.
python3 - "$work/port" "$work/callers" <<'PY' &
import os, socket, sys

server = socket.create_server(("", 0))
server.settimeout(60)
with open(sys.argv[1] + ".new", "w") as out:
    print(server.getsockname()[1], file=out)
os.rename(sys.argv[1] + ".new", sys.argv[1])
names = []
for _ in range(2):
    connection, _ = server.accept()
    with connection, connection.makefile() as stream:
        names.append(stream.readline().strip())
with open(sys.argv[2], "w") as out:
    print(*sorted(names), file=out)
PY
listener=$!
deadline=$((SECONDS + 30))
until [ -s "$work/port" ]; do
    ((SECONDS < deadline)) || expect "the listener starts" yes no
    sleep 0.1
done
srun --nodes=2 bash -c 'hostname >"/dev/tcp/$1/$2"' dial "$(hostname)" "$(cat "$work/port")"
wait "$listener"
listener=
expect "nodes reach the login node by name" "c1 c2" "$(cat "$work/callers")"

# Killing is what ends a pool: nothing of a cancelled job may survive.
job=$(sbatch --parsable --output=/dev/null --wrap="touch $work/started; sleep 600 & wait")
deadline=$((SECONDS + 30))
until [ -e "$work/started" ]; do
    ((SECONDS < deadline)) || expect "a batch job starts" yes no
    sleep 0.1
done
scancel "$job"
deadline=$((SECONDS + 30))
until [ -z "$(squeue --noheader)" ] || ((SECONDS >= deadline)); do sleep 0.2; done
expect "a cancelled job leaves the queue" "" "$(squeue --noheader)"
