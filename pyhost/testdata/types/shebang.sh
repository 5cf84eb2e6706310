#!/bin/sh
printf "%s|" "$@"
echo err >&2
exit 3
