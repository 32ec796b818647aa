# Keeps AOT caches of the JVM: what it reads, checks and links of classes at every start (JEP 483, 514), in a file. For
# scripts/foregate, which sources this file. Where programs spend their time (JEP 515) is left out: the JVM would compile that
# at once, while the first token is computed on the same processors.
#
# A cache is made at the first start of a jar on a JDK with the options of a kind of command, in the background, and is used
# from the next start on. The JVM itself looks whether a cache is of this jar, JDK and options, and goes on without where not.
# shellcheck shell=bash

# Whether a cache that knows nothing of these options is of use with them. With others the JVM would refuse it (modules,
# agents, a heap whose pointers have more bits), and then starts more slowly than without; or not at all (-Xshare).
aot_bears() {
  local option
  for option in "$@"; do
    case "$option" in
      -D* | -ea | -Xlog:* | -Xss* | -Xms* | -Xmx*[kKmM] | -Xmx[1-9][gG] | -Xmx[12][0-9][gG]) ;;
      *) return 1 ;;
    esac
  done
}

# Sets aot_name to that of the cache for a jar, a JDK, a kind of command and options of the JVM; first the jar's size and time.
aot_find_name() {
  local jar="$1" jdk="$2" stamp sum
  shift 2
  stamp="$(stat -c %s.%Y "$jar" 2>/dev/null || stat -f %z.%m "$jar" 2>/dev/null)" \
    && sum="$(printf '%s\n' "$jdk" "$(<"$jdk/release")" "$@" | cksum 2>/dev/null)" \
    && aot_name="$stamp-${sum%% *}.aot"
}

# Makes a file that nobody else has made, or made in the last hour: whoever did is at work, or has failed and would again.
aot_claim() {
  (set -o noclobber && : >"$1") 2>/dev/null && return
  [ -n "$(find "$1" -mmin +60 2>/dev/null)" ] && rm -f "$1" && (set -o noclobber && : >"$1") 2>/dev/null
}

# Makes a cache under another name and renames it, so that none is ever seen half made. Then deletes those of older jars, and
# all but the newest four: a JDK that was updated leaves its own behind.
# Usage: aot_make CACHE JDK JAR REHEARSED_COMMANDS.. -- JVM_OPTIONS..
aot_make() {
  local cache="$1" java="$2/bin/java" jar="$3" commands=() name made
  local lean=(-XX:+IgnoreUnrecognizedVMOptions -XX:+UnlockDiagnosticVMOptions -XX:-AOTRecordTraining)
  shift 3
  while [ "$1" != -- ]; do
    commands+=("$1")
    shift
  done
  shift
  made="$(mktemp "$cache.XXXXXX")" || return 0
  # What is piped in is a message for a chat.
  if echo Hello | nice -n 19 "$java" -XX:AOTMode=record "-XX:AOTConfiguration=$made.classes" "${lean[@]}" "$@" \
    -Dforegate.{stdin,stdout,stderr}.terminal=false -cp "$jar" io.foregate.cli.Rehearsal "${commands[@]}" \
    && nice -n 19 "$java" -XX:AOTMode=create "-XX:AOTConfiguration=$made.classes" "-XX:AOTCache=$made" "${lean[@]}" "$@" \
      -cp "$jar" \
    && [ -s "$made" ]; then
    mv -f "$made" "$cache"
    rm -f "$cache.claim"
    name="${cache##*/}"
    find "${cache%/*}" -type f ! -name "${name%-*}-*" -exec rm -f {} +
    # Such names have no blanks.
    # shellcheck disable=SC2012
    (cd "${cache%/*}" && ls -t ./*.aot | tail -n +5 | xargs rm -f)
  fi
  rm -f "$made" "$made.classes"
}

# Adds to the array options what has the JVM use the cache of a jar for a kind of command; where there is none, has it made,
# for the next time.
# Usage: aot_use KIND JDK JAR REHEARSED_COMMANDS.. (a ; between one and the next), or no commands to make none
aot_use() {
  local kind="$1" jdk="$2" jar="$3" folders folder aot_name
  shift 3
  [ "${FOREGATE_AOT:-on}" != off ] || return 0
  # Word splitting is wanted: these are options. A JVM takes some from the last three by itself.
  # shellcheck disable=SC2086
  aot_bears ${FOREGATE_JAVA_OPTS:-} ${JAVA_TOOL_OPTIONS:-} ${JDK_JAVA_OPTIONS:-} ${_JAVA_OPTIONS:-} || return 0
  aot_find_name "$jar" "$jdk" "$kind" "${options[@]}" || return 0
  # Beside the jar, or where nothing may be written there, in a place of the user's own. (A JVM takes %t in a name for the time.)
  folders=("${jar%/*}/aot")
  folder="${XDG_CACHE_HOME:-${HOME:+$HOME/.cache}}"
  [ -z "$folder" ] || folders+=("$folder/foregate/aot/${jar//\//+}")
  for folder in "${folders[@]}"; do
    if [ -r "$folder/$aot_name" ]; then
      # Silent, because a cache that cannot be used is no matter. Verified, because the JVM crashes where one is damaged.
      options+=("-XX:AOTCache=$folder/$aot_name" -XX:AOTMode=auto -XX:+VerifySharedSpaces "-Xlog:aot*=off,cds*=off")
      return
    fi
  done
  [ $# -gt 0 ] || return 0
  for folder in "${folders[@]}"; do
    if mkdir -p "$folder" 2>/dev/null && aot_claim "$folder/$aot_name.claim"; then
      # Detached, deaf to the terminal's Ctrl-C, and with none of the streams that somebody may wait for the end of.
      (trap '' INT HUP && aot_make "$folder/$aot_name" "$jdk" "$jar" "$@" -- "${options[@]}" </dev/null >/dev/null 2>&1 &)
      return
    fi
    [ ! -e "$folder/$aot_name.claim" ] || return 0
  done
}
