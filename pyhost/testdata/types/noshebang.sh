printf "%s|" "$@"
