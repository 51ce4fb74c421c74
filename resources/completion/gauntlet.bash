# Completion of the gauntlet command in Bash 3.2 and newer:
#   source <(gauntlet completion bash)

_gauntlet() {
  local kind="" candidate
  COMPREPLY=()
  {
    IFS= read -r kind
    while IFS= read -r candidate; do COMPREPLY+=("$candidate"); done
  } < <("$1" __complete --bash -- "${COMP_LINE:0:$COMP_POINT}" "$2" 2>/dev/null)
  case $kind in
    files) compopt -o default 2>/dev/null ;;
    folders) compopt -o dirnames 2>/dev/null ;;
  esac
}

complete -F _gauntlet gauntlet
