# Finds a TornadoVM SDK; for scripts/foregate and those scripts that test and measure with one, which source this file.
# shellcheck shell=bash

# The SDK's folder: TORNADOVM_HOME, or the newest that setup-tornado.sh installed; nothing if there is none.
find_tornado() {
  local folder newest=""
  if [ -n "${TORNADOVM_HOME:-}" ]; then
    [ -r "$TORNADOVM_HOME/tornado-argfile" ] || fail "TORNADOVM_HOME=$TORNADOVM_HOME has no tornado-argfile." \
      "Point it at a TornadoVM SDK (setup-tornado.sh installs one), or unset it."
    echo "$TORNADOVM_HOME"
    return
  fi
  for folder in "${XDG_DATA_HOME:-$HOME/.local/share}/foregate/tornado"/*; do
    if [ -r "$folder/tornado-argfile" ] && { [ -z "$newest" ] || [ "$folder" -nt "$newest" ]; }; then
      newest="$folder"
    fi
  done
  echo "$newest"
}
