# Finds a TornadoVM SDK; for scripts/foregate and those scripts that test and measure with one, which source this file.
# shellcheck shell=bash

# The SDK's folder: TORNADOVM_HOME, or the newest that setup-tornado.sh installed; nothing if there is none. A TORNADOVM_HOME
# that is no SDK is told: with "warn" it is as none, with "fail" it is a failure.
find_tornado() {
  local folder newest="" told
  if [ -n "${TORNADOVM_HOME:-}" ]; then
    if [ -r "$TORNADOVM_HOME/tornado-argfile" ]; then
      echo "$TORNADOVM_HOME"
      return
    fi
    told="TORNADOVM_HOME=$TORNADOVM_HOME has no tornado-argfile"
    [ "$1" = warn ] || fail "$told." "Point it at a TornadoVM SDK (setup-tornado.sh installs one), or unset it."
    printf 'foregate: %s: going on without TornadoVM (setup-tornado.sh installs it).\n' "$told" >&2
    return
  fi
  for folder in "${XDG_DATA_HOME:-$HOME/.local/share}/foregate/tornado"/*; do
    if [ -r "$folder/tornado-argfile" ] && { [ -z "$newest" ] || [ "$folder" -nt "$newest" ]; }; then
      newest="$folder"
    fi
  done
  echo "$newest"
}
