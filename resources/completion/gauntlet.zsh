#compdef gauntlet
# Completion of the gauntlet command in zsh, after compinit:
#   source <(gauntlet completion zsh)
# or keep it as _gauntlet in a folder of $fpath.

_gauntlet() {
  local -a lines values shown
  local line
  lines=("${(@f)$("${(Q)words[1]}" __complete -- "${(@Q)words[2,CURRENT-1]}" "${(Q)PREFIX}" 2>/dev/null)}")
  case $lines[1] in
    files) _files ;;
    folders) _files -/ ;;
    names)
      for line in "${(@)lines[2,-1]}"; do
        values+=("${line%%$'\t'*}")
        shown+=("${line/$'\t'/  }")
      done
      compadd -l -d shown -a -- values
      ;;
  esac
}

if [[ ${funcstack[1]} == _gauntlet ]]; then
  _gauntlet "$@"
else
  compdef _gauntlet gauntlet
fi
