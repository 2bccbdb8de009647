#!/usr/bin/env bash
# Install and build the real servers that the integration tests talk to; a second run changes nothing.
# Debian packages through apt-get, InfluxDB 2 from its Go module, OPC UA and Modbus servers and axe-core from npm.
# What is built lives outside the checkout in ${PLANTPROOF_SERVERS:-~/.cache/plantproof/servers}.
# One line a step. A step that fails does not stop the others; the exit code is then 1 and a list says which.
set -uo pipefail

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
CACHE=${PLANTPROOF_SERVERS:-${XDG_CACHE_HOME:-$HOME/.cache}/plantproof/servers}
SOURCES=$ROOT/tests/servers
LOGS=$CACHE/logs
DEBIAN_PACKAGES=(influxdb victoria-metrics mosquitto chromium chromium-driver poppler-utils libmodbus-dev socat)
SERVICES=(influxdb victoria-metrics mosquitto)

# Go and Rust are often installed without being on the PATH of a non-login shell.
PATH=$PATH:/usr/local/go/bin:$HOME/go/bin:$HOME/.cargo/bin:/usr/sbin:/sbin
mkdir -p "$LOGS"
failed=()

say() { printf 'servers: %s\n' "$*"; }

# short_hash FILE...: first 16 hex digits of the SHA-256 over the files; names what is built from them.
short_hash() { cat "$@" | sha256sum | cut -c1-16; }

# logged NAME COMMAND...: run quietly, show the last lines only on failure.
logged() {
  local log=$LOGS/$1.log
  shift
  "$@" >"$log" 2>&1 && return 0
  say "  failed: $*"
  tail -n 12 "$log" | sed 's/^/    /'
  say "  whole log: $log"
  return 1
}

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi
}

installed() { [ "$(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null)" = installed ]; }

needs() {
  local missing=() tool
  for tool in "$@"; do command -v "$tool" >/dev/null || missing+=("$tool"); done
  [ ${#missing[@]} = 0 ] && return 0
  say "  missing on this machine: ${missing[*]}"
  return 1
}

# Company proxies sign with a certificate that only the system store knows; Node.js does not look there by itself.
trust_system_certificates() {
  local store=/etc/ssl/certs/ca-certificates.crt
  [ ! -f "$store" ] || export NODE_EXTRA_CA_CERTS="${NODE_EXTRA_CA_CERTS:-$store}"
}

has_systemd() { [ -d /run/systemd/system ]; }

running_services() {
  has_systemd || return 0
  local name
  for name in "${SERVICES[@]}"; do systemctl is-active --quiet "$name" && echo "$name"; done
}

# A package may start its daemon while it is installed; only a daemon that ran before may stay.
stop_new_services() {
  local before=$1 name
  for name in $(running_services); do
    grep -qx "$name" <<<"$before" || as_root systemctl disable --now "$name" >/dev/null 2>&1
  done
}

apt_install() { as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$@"; }

debian_packages() {
  local missing=() name before status=0
  for name in "${DEBIAN_PACKAGES[@]}"; do installed "$name" || missing+=("$name"); done
  if [ ${#missing[@]} = 0 ]; then
    say "Debian packages: all there"
    return 0
  fi
  say "Debian packages: installing ${missing[*]}"
  needs apt-get dpkg-query || return 1
  if ! as_root true 2>/dev/null; then
    say "  needs root: sudo apt-get install --no-install-recommends ${missing[*]}"
    return 1
  fi
  before=$(running_services)
  logged apt-update as_root apt-get update || return 1
  if ! logged apt-install apt_install "${missing[@]}"; then
    say "  trying the packages one by one"
    for name in "${missing[@]}"; do logged "apt-$name" apt_install "$name" || status=1; done
  fi
  stop_new_services "$before"
  return $status
}

influxdb2() {
  local binary
  binary=$CACHE/influxd-$(short_hash "$SOURCES/influxd/go.sum")
  if [ -x "$binary" ]; then
    say "InfluxDB 2: ready, $binary"
    return 0
  fi
  say "InfluxDB 2: building from its Go module, about 4 minutes the first time"
  needs go cargo gcc pkg-config || return 1
  cd "$SOURCES/influxd" || return 1
  # Flux is partly Rust; this stand-in for pkg-config builds that part.
  logged influxd-pkg-config go build -buildvcs=false -o "$CACHE/flux-pkg-config/pkg-config" \
    github.com/influxdata/pkg-config || return 1
  # The source pins an older toolchain; the installed stable one compiles it.
  logged influxd env RUSTUP_TOOLCHAIN=stable PKG_CONFIG="$CACHE/flux-pkg-config/pkg-config" \
    go build -buildvcs=false -tags sqlite_foreign_keys,sqlite_json -trimpath -o "$binary.part" \
    github.com/influxdata/influxdb/v2/cmd/influxd || return 1
  mv "$binary.part" "$binary"
}

node_packages() {
  local folder
  folder=$CACHE/node-$(short_hash "$SOURCES/node/package-lock.json")
  if [ -f "$folder/.complete" ]; then
    say "Node.js servers: ready, $folder"
    return 0
  fi
  say "Node.js servers: installing node-opcua, modbus-serial, mqtt and sparkplug-payload"
  needs node npm || return 1
  trust_system_certificates
  rm -rf "$folder"
  mkdir -p "$folder"
  cp "$SOURCES/node/package.json" "$SOURCES/node/package-lock.json" "$SOURCES/node/.npmrc" "$folder/"
  logged npm npm ci --prefix "$folder" --ignore-scripts || return 1
  touch "$folder/.complete"
}

libmodbus_server() {
  local source=$SOURCES/libmodbus/server.c binary
  binary=$CACHE/libmodbus-$(short_hash "$source")
  if [ -x "$binary" ]; then
    say "libmodbus server: ready, $binary"
    return 0
  fi
  say "libmodbus server: compiling"
  needs gcc pkg-config || return 1
  # shellcheck disable=SC2046 # the flags are separate words
  logged libmodbus gcc -std=c11 -O2 -Wall -Wextra -Werror -o "$binary.part" "$source" \
    $(pkg-config --cflags --libs libmodbus) || return 1
  mv "$binary.part" "$binary"
}

# The accessibility checker of the browser tests; in build/, which git ignores.
axe_core() {
  if compgen -G "$ROOT/build/dev/axe-core-*.js" >/dev/null; then
    say "axe-core: ready, build/dev"
    return 0
  fi
  say "axe-core: fetching into build/dev"
  needs npm python3 || return 1
  trust_system_certificates
  logged axe python3 "$ROOT/scripts/vendor.py" --dev
}

for step in debian_packages influxdb2 node_packages libmodbus_server axe_core; do
  ("$step") || failed+=("$step")
done

if [ ${#failed[@]} != 0 ]; then
  say "not ready: ${failed[*]}"
  exit 1
fi
say "all ready"
