#compdef ewoks-hpc
# Completion of ewoks-hpc for zsh:  source <(ewoks-hpc completion zsh)
_ewoks_hpc() {
    local line kind
    local -a lines names
    lines=("${(@f)$("${words[1]}" complete zsh -- "${(@)words[2,CURRENT]}" 2>/dev/null)}")
    kind=$lines[1]
    for line in "${(@)lines[2,-1]}"; do
        names+=("${${line%%$'\t'*}//:/\\:}:${line#*$'\t'}")
    done
    case $kind in
    folders) _files -/ ;;
    files) _files ;;
    files*) _files -g "*.(${(j:|:)${=kind#files }})" ;;
    *) (( $#names )) && _describe -V 'ewoks-hpc' names ;;
    esac
}
if [[ $funcstack[1] == _ewoks_hpc ]]; then
    _ewoks_hpc "$@"
else
    compdef _ewoks_hpc ewoks-hpc
fi
