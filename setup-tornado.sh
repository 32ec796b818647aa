#!/usr/bin/env bash
# Installs a TornadoVM SDK for Foregate into the user's data folder, where scripts/foregate finds it. Needs no root, goes on
# where a download broke off, and does nothing the second time.
#
#   --backend opencl|ptx|cuda|full   which of TornadoVM's released SDKs (default: opencl)
#   --version VERSION                which release (default: the one that Foregate is written for)
#   --sdk FILE-OR-DIR                an SDK archive (.tar.gz) or folder that is here already, in place of a download
#   --sha256 SUM                     refuse an archive with another sum; upstream publishes none, so it is printed
#
# An SDK with the ptx or cuda backend does not start without an NVIDIA driver, not even for OpenCL.
set -euo pipefail

version=5.2.0-jdk25
backend=opencl
sdk=""
sha256=""

fail() {
  printf 'setup-tornado: %s\nhint: %s\n' "$1" "$2" >&2
  exit 1
}

say() { printf 'setup-tornado: %s\n' "$1" >&2; }

usage() {
  sed -n '2,/^set /p' "${BASH_SOURCE[0]}" | sed -n 's/^# \{0,1\}//p'
}

script_folder() {
  cd -P "$(dirname "$1")" && pwd
}

while [ $# -gt 0 ]; do
  case "$1" in
    --help | -h)
      usage
      exit 0
      ;;
    --backend | --version | --sdk | --sha256)
      [ $# -ge 2 ] || fail "$1 needs a value." "See setup-tornado.sh --help."
      case "$1" in
        --backend) backend="$2" ;;
        --version) version="$2" ;;
        --sdk) sdk="$2" ;;
        --sha256) sha256="$2" ;;
      esac
      shift 2
      ;;
    *) fail "'$1' means nothing here." "See setup-tornado.sh --help." ;;
  esac
done
case "$backend" in
  opencl | ptx | cuda | full) ;;
  *) fail "There is no SDK with backend '$backend'." "Choose opencl, ptx, cuda or full." ;;
esac

root="$(script_folder "${BASH_SOURCE[0]}")"
# shellcheck source=scripts/jdk.sh
. "$root/scripts/jdk.sh"
data="${XDG_DATA_HOME:-$HOME/.local/share}/foregate/tornado"
home="$data/$version-$backend"
# FOREGATE_TORNADO_URL and FOREGATE_LAUNCHER exist for this script's own test.
releases="${FOREGATE_TORNADO_URL:-https://github.com/beehive-lab/TornadoVM/releases/download/v$version}"
launcher="${FOREGATE_LAUNCHER:-$root/scripts/foregate}"

platform() {
  local system machine
  case "$(uname -s)" in
    Linux) system=linux ;;
    Darwin) system=mac ;;
    *) fail "TornadoVM is not released for $(uname -s)." "Use Linux or macOS." ;;
  esac
  case "$(uname -m)" in
    x86_64 | amd64) machine=amd64 ;;
    aarch64 | arm64) machine=aarch64 ;;
    *) fail "TornadoVM is not released for $(uname -m)." "Use an x86-64 or 64-bit ARM machine." ;;
  esac
  echo "$system-$machine"
}

sum_of() {
  if command -v sha256sum >/dev/null; then
    sha256sum "$1" | cut -d ' ' -f 1
  else
    shasum -a 256 "$1" | cut -d ' ' -f 1
  fi
}

# Downloads the released archive, or what is missing of it, and prints where it is.
download() {
  local name file
  name="tornadovm-$version-$backend-$(platform).tar.gz"
  file="$data/downloads/$name"
  if [ ! -f "$file" ]; then
    command -v curl >/dev/null || fail "curl is needed to download $name." "Install curl, or pass an archive with --sdk."
    mkdir -p "$data/downloads"
    say "downloading $releases/$name"
    curl --fail --location --continue-at - --progress-bar --output "$file.part" "$releases/$name" >&2 \
      || fail "$releases/$name could not be downloaded." \
        "Run this again to go on where it stopped, or download it elsewhere and pass it with --sdk."
    mv "$file.part" "$file"
  fi
  echo "$file"
}

check_sum() {
  local sum
  sum="$(sum_of "$1")"
  say "SHA-256 of $(basename "$1"): $sum"
  if [ -n "$sha256" ] && [ "$sum" != "$sha256" ]; then
    fail "$1 has SHA-256 $sum, expected $sha256." "Delete it and get it again, or correct --sha256."
  fi
}

# The folder in $1 that is an SDK: archives have one folder around it, or none.
sdk_folder() {
  local folder
  for folder in "$1" "$1"/* "$1"/*/*; do
    if [ -d "$folder/share/java/tornado" ]; then
      echo "$folder"
      return
    fi
  done
  fail "$2 holds no TornadoVM SDK (no share/java/tornado)." "Pass an SDK as TornadoVM's release page offers it."
}

require_version() {
  local found
  found="$(sed -n 's/^version=//p' "$1/etc/tornado.release" 2>/dev/null || true)"
  if [ "$found" != "$version" ]; then
    fail "$2 is TornadoVM ${found:-of an unknown version}, expected $version." \
      "Get that version, or pass --version (Foregate is written for and tested with one only)."
  fi
}

# Java reads its options from this file; released SDKs have it as a template, without the folder's name.
write_argfile() {
  local template="$1/tornado-argfile.template"
  if [ -f "$template" ]; then
    sed "s|\${TORNADOVM_HOME}|$home|g" "$template" >"$1/tornado-argfile"
  elif ! grep -qF -- "$home/" "$1/tornado-argfile" 2>/dev/null; then
    fail "The SDK has no tornado-argfile.template to make its tornado-argfile from." \
      "Pass an SDK as TornadoVM's release page offers it."
  fi
}

install_sdk() {
  local source from fresh
  if [ -d "$sdk" ]; then
    from="$sdk"
    source="$(cd "$sdk" && pwd)"
  else
    if [ -n "$sdk" ]; then
      [ -f "$sdk" ] || fail "$sdk is neither a file nor a folder." "Pass an SDK archive or folder, or nothing to download one."
      source="$sdk"
    else
      source="$(download)"
    fi
    check_sum "$source"
    from="$source"
  fi
  mkdir -p "$data"
  fresh="$(mktemp -d "$data/.new.XXXXXX")"
  # shellcheck disable=SC2064 # the folder of now is meant
  trap "rm -rf '$fresh'" EXIT
  if [ -d "$source" ]; then
    cp -R "$source/." "$fresh/"
  else
    tar -xzf "$source" -C "$fresh" 2>/dev/null || {
      # A broken download must not be taken for a whole one the next time.
      [ -n "$sdk" ] || rm -f "$source"
      fail "$source cannot be unpacked: it is cut off, or no .tar.gz." "Get it again."
    }
  fi
  local found
  found="$(sdk_folder "$fresh" "$from")"
  require_version "$found" "$from"
  write_argfile "$found"
  rm -rf "$home"
  mv "$found" "$home"
  rm -rf "$fresh"
  trap - EXIT
}

is_installed() {
  [ -r "$home/tornado-argfile" ] && [ -d "$home/share/java/tornado" ] && grep -qF "$home/" "$home/tornado-argfile"
}

# Maven compiles against two of the SDK's jars: these, if they are neither here nor to be downloaded.
provide_jars() {
  provide_jar tornado-api
  provide_jar tornado-runtime
}

provide_jar() {
  local artifact="$1" repository folder jar
  repository="${MAVEN_REPOSITORY:-$HOME/.m2/repository}"
  folder="$repository/io/github/beehive-lab/$artifact/$version"
  jar="$home/share/java/tornado/$artifact-$version.jar"
  if [ -f "$folder/$artifact-$version.jar" ] || [ ! -f "$jar" ]; then
    return
  fi
  say "putting $artifact $version into $repository"
  mkdir -p "$folder"
  cp "$jar" "$folder/"
  cat >"$folder/$artifact-$version.pom" <<POM
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>io.github.beehive-lab</groupId>
  <artifactId>$artifact</artifactId>
  <version>$version</version>
</project>
POM
}

has_library() {
  { command -v ldconfig >/dev/null && ldconfig -p 2>/dev/null | grep -qF "$1"; } \
    || ls /usr/lib*/"$1"* /usr/lib/*/"$1"* /usr/local/lib/"$1"* >/dev/null 2>&1
}

# Says which drivers are missing, and what brings them (names of Debian's and Ubuntu's packages).
check_drivers() {
  if [ "$(uname -s)" != Linux ]; then
    return
  fi
  case "$backend" in
    ptx | cuda | full)
      has_library libcuda.so.1 \
        || say "missing: NVIDIA's driver (libcuda.so.1): install the card's driver, or take --backend opencl"
      ;;
  esac
  case "$backend" in
    opencl | full)
      has_library libOpenCL.so.1 || say "missing: the OpenCL loader (libOpenCL.so.1): package ocl-icd-libopencl1"
      compgen -G "/etc/OpenCL/vendors/*.icd" >/dev/null \
        || say "missing: an OpenCL driver: package nvidia-opencl-icd, intel-opencl-icd, mesa-opencl-icd, or pocl-opencl-icd (CPU)"
      ;;
  esac
}

case "$home" in
  *[[:space:]]*) fail "'$home' has a space in it, which Java's argument files cannot carry." "Set XDG_DATA_HOME to a folder without." ;;
esac
FOREGATE_JAVA_HOME="$(find_jdk)"
export FOREGATE_JAVA_HOME
if [ -z "$sdk" ] && is_installed; then
  say "TornadoVM $version ($backend) is installed already in $home"
else
  install_sdk
  say "TornadoVM $version ($backend) is now in $home"
fi
provide_jars
check_drivers
TORNADOVM_HOME="$home" "$launcher" devices
