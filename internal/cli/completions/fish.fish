# Completion of ewoks-hpc for fish:  ewoks-hpc completion fish | source
function __ewoks_hpc_complete
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    set -l lines ($words[1] complete fish -- $words[2..-1] "$current" 2>/dev/null)
    switch "$lines[1]"
        case folders
            __fish_complete_directories $current
        case 'files *'
            set -l endings (string split ' ' -- (string replace 'files ' '' -- $lines[1]))
            __fish_complete_directories $current
            for file in (__fish_complete_path $current)
                if contains -- (string replace -r '^.*\.' '' -- (string split \t -- $file)[1]) $endings
                    echo $file
                end
            end
        case files
            __fish_complete_path $current
        case '*'
            printf '%s\n' $lines[2..-1]
    end
end
complete -c ewoks-hpc -f -a '(__ewoks_hpc_complete)'
