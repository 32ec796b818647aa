# Finds a JDK; for scripts/foregate and setup-tornado.sh, which source this file.
# shellcheck shell=bash

# The JDK that Foregate needs, or newer.
readonly need=25

# The feature version of the JDK in a folder, from its release file, or 0.
jdk_version() {
  local line version
  if [ ! -x "$1/bin/java" ] || [ ! -r "$1/release" ]; then
    echo 0
    return
  fi
  line="$(grep -m 1 '^JAVA_VERSION=' "$1/release" || true)"
  version="${line#JAVA_VERSION=\"}"
  version="${version%%[^0-9]*}"
  echo "${version:-0}"
}

# Folders where a JDK may be, one a line, the most deliberate choice first.
jdk_candidates() {
  local on_path
  if [ -n "${FOREGATE_JAVA_HOME:-}" ]; then
    echo "$FOREGATE_JAVA_HOME"
    return
  fi
  [ -z "${JAVA_HOME:-}" ] || echo "$JAVA_HOME"
  if on_path="$(command -v java)"; then
    dirname "$(script_folder "$on_path")"
  fi
  # FOREGATE_JVM_FOLDERS exists for the launcher's own test, which must be able to hide this machine's JDKs.
  local folder
  for folder in ${FOREGATE_JVM_FOLDERS-/usr/lib/jvm /usr/lib64/jvm /usr/java /opt/java "$HOME/.sdkman/candidates/java" \
    "$HOME/.jdks" "$HOME/.asdf/installs/java" /Library/Java/JavaVirtualMachines \
    "$HOME/Library/Java/JavaVirtualMachines"}; do
    printf '%s\n' "$folder"/* "$folder"/*/Contents/Home
  done
  if [ -z "${FOREGATE_JVM_FOLDERS+set}" ] && [ -x /usr/libexec/java_home ]; then
    /usr/libexec/java_home -v "$need+" 2>/dev/null || true
  fi
}

find_jdk() {
  local home
  while IFS= read -r home; do
    if [ "$(jdk_version "$home")" -ge "$need" ]; then
      echo "$home"
      return
    fi
  done < <(jdk_candidates)
  if [ -n "${FOREGATE_JAVA_HOME:-}" ]; then
    fail "FOREGATE_JAVA_HOME=$FOREGATE_JAVA_HOME is not a JDK $need or newer." \
      "Point it at a folder that has bin/java and a release file, or unset it."
  fi
  fail "Foregate needs a JDK $need or newer, and none was found." \
    "Install one beside what you have (e.g. from https://adoptium.net), or set FOREGATE_JAVA_HOME to its folder."
}
