#!/bin/bash
# Starts munged and one Slurm daemon in the foreground: entrypoint.sh slurmctld|slurmd
set -eu

role=${1:-}
key=/etc/munge/munge.key

wait_for() { # what, seconds, command...
    local what=$1 deadline=$((SECONDS + $2))
    shift 2
    until "$@"; do
        if ((SECONDS >= deadline)); then
            echo "entrypoint: no $what after the time allowed" >&2
            exit 1
        fi
        sleep 0.1
    done
}

# munged must own its key and refuses one that others can read.
make_key() {
    [ -s "$key" ] && return
    chown munge:munge /etc/munge
    setpriv --reuid=munge --regid=munge --clear-groups mungekey --create --keyfile="$key"
}

start_munged() {
    wait_for "munge key" 30 test -s "$key"
    setpriv --reuid=munge --regid=munge --clear-groups munged --foreground &
    wait_for "munged" 30 test -S /run/munge/munge.socket.2
}

case $role in
slurmctld)
    make_key
    start_munged
    install -d -o scientist -g scientist -m 0700 /home/scientist
    # As its own user from the start: the daemon then never holds a capability.
    exec setpriv --reuid=slurm --regid=slurm --init-groups slurmctld -D
    ;;
slurmd)
    start_munged
    exec slurmd -D
    ;;
*)
    echo "entrypoint: unknown role \"$role\"" >&2
    echo "hint: slurmctld or slurmd" >&2
    exit 2
    ;;
esac
