# Completes the command lines of PROGRAM in fish. To load it:
#   PROGRAM completion fish | source
function __PROGRAM_complete
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    set -l program (string replace -r '^~' $HOME -- $words[1])
    set -l answer ($program __complete fish $words[2..-1] "$current" 2>/dev/null)
    switch "$answer[1]"
        case files dirs
            set -l before (string match -r -- '^--[^=]*=' $current)
            set -l path (string replace -r -- '^--[^=]*=' '' $current)
            set -l found (__fish_complete_path "$path")
            if test "$answer[1]" = dirs
                set found (__fish_complete_directories "$path" '')
            end
            for name in $found
                echo -- "$before$name"
            end
        case words
            printf '%s\n' $answer[2..-1]
    end
end
complete -c PROGRAM -f -a '(__PROGRAM_complete)'
