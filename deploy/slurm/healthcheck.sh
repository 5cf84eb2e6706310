#!/bin/sh
# healthcheck.sh slurmctld|slurmd : the controller answers; this node can take jobs.
set -eu

case ${1:-} in
slurmctld) scontrol ping ;;
slurmd) sinfo --noheader --Node --nodes="$(hostname)" --format=%T | grep -Eqx 'idle|mixed|allocated|completing' ;;
*) echo "healthcheck: unknown role \"${1:-}\"" >&2; exit 2 ;;
esac
