# Completion of the gauntlet command in fish:
#   gauntlet completion fish > ~/.config/fish/completions/gauntlet.fish

function __gauntlet_complete
    set -l words (commandline -opc)
    set -l program $words[1]
    set -e words[1]
    # The word being typed may lack its closing quote.
    set -l current (commandline -ct | string replace -r '^["\']' '' | string unescape)
    set -l lines ($program __complete -- $words "$current" 2>/dev/null)
    switch "$lines[1]"
        case files
            __fish_complete_path "$current"
        case folders
            __fish_complete_directories "$current"
        case names
            set -e lines[1]
            printf '%s\n' $lines
    end
end

complete -c gauntlet -f -a '(__gauntlet_complete)'
