#!/bin/bash
# Runs ewoks-hpc on a Slurm cluster of containers: compose-test.sh [static ewoks-hpc binary]
# Without a binary only the cluster itself is tested. Whatever happens, nothing is left but the image.
set -euo pipefail

binary=${1:-}
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
# A project of its own: a cluster that somebody has up is not touched.
project=ewoks-hpc-test-$$
user=scientist

source "$here/engine.sh"

fail() {
    echo "compose-test: $1" >&2
    exit 1
}

if [ -n "$binary" ] && [ ! -x "$binary" ]; then
    fail "no program at \"$binary\""
fi

compose() { "${compose[@]}" --project-name "$project" --file "$root/docker-compose.slurm.yml" "$@"; }

find_compose() {
    if docker compose version >/dev/null 2>&1; then
        compose=(docker compose)
    elif command -v docker-compose >/dev/null; then
        compose=(docker-compose)
    else
        fail "neither docker compose nor docker-compose is installed"
    fi
}

containers() { docker ps --all --quiet --filter "label=com.docker.compose.project=$project"; }

leftovers() {
    containers
    docker volume ls --quiet --filter "label=com.docker.compose.project=$project"
    docker network ls --quiet --filter "label=com.docker.compose.project=$project"
}

finish() {
    local status=$?
    trap '' INT TERM
    set +e
    if [ -n "${compose[*]:-}" ]; then
        if [ "$status" != 0 ] && [ -n "$(containers)" ]; then
            compose ps
            compose logs --no-color --tail=100
        fi
        say "down"
        compose down --volumes >/dev/null 2>&1
        if [ -n "$(leftovers)" ]; then
            echo "compose-test: left after down: $(leftovers | xargs)" >&2
            status=1
        fi
    fi
    stop_engine
    [ "$status" = 0 ] && say "passed"
    exit "$status"
}

say() { printf 'compose-test: %4ds %s\n' "$SECONDS" "$1"; }

wait_healthy() {
    local deadline=$((SECONDS + 120)) states
    while true; do
        states=$(containers | xargs docker inspect --format '{{.State.Status}}/{{.State.Health.Status}}')
        [ "$(grep -cx running/healthy <<<"$states")" = 3 ] && return
        ! grep -q '^exited' <<<"$states" || fail "a container ended: $(xargs <<<"$states")"
        ((SECONDS < deadline)) || fail "not healthy after 120 s: $(xargs <<<"$states")"
        sleep 0.5
    done
}

on_login() { docker exec --interactive --user "$user" --workdir "/home/$user" --env "USER=$user" "$login" "$@"; }

# Whatever runs as the user belongs to a workflow, the launcher or an interpreter: after the end there is none.
no_process_left() {
    local deadline=$((SECONDS + 30)) container left
    while true; do
        left=$(for container in $(containers); do
            docker exec "$container" sh -c 'pgrep --list-full --euid "$1" | sed "s/^/$(hostname): /"' sh "$user" ||
                echo "unknown: cannot look into $container"
        done)
        [ -z "$left" ] && return
        ((SECONDS < deadline)) || fail "processes left: $left"
        sleep 0.5
    done
}

trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

start_engine
find_compose
BASE_IMAGE=$("$here/base-image.sh")
export BASE_IMAGE
say "building on $BASE_IMAGE"
compose build --quiet
say "up"
compose up --detach >/dev/null 2>&1 || fail "compose up failed: $(compose up --detach 2>&1 | tail -n 5)"
wait_healthy
say "three containers are healthy"
login=$(compose ps --quiet slurmctld)

on_login bash -c "$(cat "$here/check-slurm.sh")" </dev/null
no_process_left
say "Slurm works, nothing left"

if [ -z "$binary" ]; then
    say "no ewoks-hpc binary given: its part was not run"
    exit 0
fi
on_login sh -c 'mkdir -p bin && cat >bin/ewoks-hpc && chmod 755 bin/ewoks-hpc' <"$binary"
tar -C "$root" -cf - examples | on_login tar -xf -
on_login bash -c 'PATH=$HOME/bin:$PATH; '"$(cat "$here/check-ewoks.sh")" </dev/null
no_process_left
say "ewoks-hpc works, nothing left"
