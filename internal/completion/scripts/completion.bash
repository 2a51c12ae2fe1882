# Completes the command lines of PROGRAM in bash. To load it:
#   source <(PROGRAM completion bash)
_PROGRAM() {
  local line kind='' word=$2
  COMPREPLY=()
  while IFS= read -r line; do
    if [[ -z $kind ]]; then
      kind=$line
    else
      COMPREPLY+=("$line")
    fi
  done < <("${1/#\~/$HOME}" __complete bash "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
  case $kind in
  files | dirs)
    compopt -o filenames 2>/dev/null
    while IFS= read -r line; do
      COMPREPLY+=("$line")
    done < <(if [[ $kind == dirs ]]; then compgen -d -- "$word"; else compgen -f -- "$word"; fi)
    ;;
  esac
}
complete -F _PROGRAM PROGRAM
