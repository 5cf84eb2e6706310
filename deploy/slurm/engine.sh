# Sourced: start_engine makes a Docker engine answer, stop_engine ends only the one that start_engine began.

engine_pid=
engine_dir=

engine_fail() {
    echo "engine: $1" >&2
    echo "hint: $2" >&2
    return 1
}

start_engine() {
    docker version >/dev/null 2>&1 && return
    [ -z "${DOCKER_HOST:-}" ] || engine_fail "nothing answers at DOCKER_HOST=$DOCKER_HOST" "unset it to use a local engine" || return
    [ "$(id -u)" = 0 ] || engine_fail "none runs and only root can start one" "start Docker, or run this as root" || return
    command -v dockerd >/dev/null || engine_fail "dockerd is not installed" "apt-get install docker.io iptables" || return

    engine_dir=$(mktemp -d)
    # A session of its own: Ctrl-C must reach the script, which still needs the engine to take the cluster down.
    setsid dockerd >"$engine_dir/log" 2>&1 &
    engine_pid=$!
    local deadline=$((SECONDS + 60))
    until docker version >/dev/null 2>&1; do
        if ! kill -0 "$engine_pid" 2>/dev/null || ((SECONDS >= deadline)); then
            tail -n 20 "$engine_dir/log" >&2
            engine_fail "dockerd does not answer" "its log is above"
            return
        fi
        sleep 0.2
    done
    echo "engine: started"
}

stop_engine() {
    [ -n "$engine_pid" ] || return 0
    kill "$engine_pid" 2>/dev/null || true
    wait "$engine_pid" || true
    rm -rf "$engine_dir"
    engine_pid=
    echo "engine: stopped"
}
