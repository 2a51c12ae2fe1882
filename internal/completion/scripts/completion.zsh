#compdef PROGRAM
# Completes the command lines of PROGRAM in zsh. To load it, after compinit:
#   source <(PROGRAM completion zsh)
# or write it to a file _PROGRAM in a folder of $fpath.
_PROGRAM() {
  local kind
  local -a answer
  answer=("${(@f)$("${words[1]/#\~/$HOME}" __complete zsh "${(@Q)words[2,CURRENT]}" 2>/dev/null)}")
  kind=$answer[1]
  shift answer
  case $kind in
  files | dirs)
    [[ ${words[CURRENT]} == --*=* ]] && compset -P '*='
    if [[ $kind == dirs ]]; then _files -/; else _files; fi
    ;;
  words)
    (( $#answer )) && _describe PROGRAM answer
    ;;
  esac
}
if [[ $funcstack[1] == _PROGRAM ]]; then
  _PROGRAM "$@"
else
  compdef _PROGRAM PROGRAM
fi
