#!/bin/sh
# Prints the name of the image to build from: Debian's own where it is present or can be pulled; else one made here with
# mmdebstrap (root needed), which already holds packages.txt so that the build itself needs no network. Safe to repeat.
# PULL_TIMEOUT: seconds to wait for the registry (60). DEBIAN_MIRROR: passed to mmdebstrap.
set -eu

pulled=debian:trixie-slim
made=ewoks-hpc/slurm-base:trixie
here=$(cd "$(dirname "$0")" && pwd)

present() { docker image inspect "$1" >/dev/null 2>&1; }

for image in "$made" "$pulled"; do
    if present "$image"; then
        echo "$image"
        exit 0
    fi
done

if timeout "${PULL_TIMEOUT:-60}" docker pull --quiet "$pulled" >&2; then
    echo "$pulled"
    exit 0
fi

if ! command -v mmdebstrap >/dev/null; then
    echo "base-image: $pulled cannot be pulled and mmdebstrap is not installed" >&2
    echo "hint: apt-get install mmdebstrap" >&2
    exit 1
fi
echo "base-image: $pulled cannot be pulled, making $made" >&2

tarball=$(mktemp)
trap 'rm -f "$tarball"' EXIT
trap 'exit 1' HUP INT TERM

# The hook removes the key that the munge package generates: a key must not be part of an image. Man pages, translations
# and changelogs are left out, nobody reads them here.
mmdebstrap --quiet --variant=minbase --format=tar \
    --include="$(paste -sd, "$here/packages.txt")" \
    --dpkgopt='path-exclude=/usr/share/man/*' \
    --dpkgopt='path-exclude=/usr/share/locale/*' \
    --dpkgopt='path-exclude=/usr/share/doc/*' \
    --dpkgopt='path-include=/usr/share/doc/*/copyright' \
    --customize-hook='rm -f "$1/etc/munge/munge.key"' \
    trixie "$tarball" ${DEBIAN_MIRROR:+"$DEBIAN_MIRROR"} >&2

docker import "$tarball" "$made" >/dev/null
echo "$made"
