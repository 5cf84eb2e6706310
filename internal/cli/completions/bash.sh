# Completion of ewoks-hpc for bash:  source <(ewoks-hpc completion bash)
_ewoks_hpc() {
    local current=${COMP_WORDS[COMP_CWORD]} line kind= file ending
    COMPREPLY=()
    while IFS= read -r line; do
        if [[ -z $kind ]]; then
            kind=$line
        else
            COMPREPLY+=("${line%%$'\t'*}")
        fi
    done < <("${COMP_WORDS[0]}" complete bash -- "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
    [[ $current == "=" ]] && current=
    case $kind in
    folders)
        compopt -o filenames
        while IFS= read -r file; do COMPREPLY+=("$file"); done < <(compgen -d -- "$current")
        ;;
    files*)
        compopt -o filenames
        while IFS= read -r file; do
            [[ -d $file || $kind == files ]] && COMPREPLY+=("$file") && continue
            for ending in ${kind#files }; do
                [[ $file == *."$ending" ]] && COMPREPLY+=("$file")
            done
        done < <(compgen -f -- "$current")
        ;;
    esac
}
complete -F _ewoks_hpc ewoks-hpc
