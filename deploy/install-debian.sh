#!/usr/bin/env bash
# Installs what building and testing need on Debian and Ubuntu, as far as it is missing. Needs root or sudo only then.
set -euo pipefail

packages=(libcurl4-openssl-dev libssl-dev libhiredis-dev redis-server pkg-config openssl curl python3-venv wrk)

if ! command -v dpkg-query >/dev/null; then
    echo "This is not Debian or Ubuntu. Drawbridge needs libcurl (OpenSSL), OpenSSL and hiredis with their headers," \
        "redis-server, pkg-config, openssl and Python 3.11 or later with venv, for the benchmarks also wrk: install them with your own package manager." >&2
    # Whoever has them by other means may go on.
    command -v pkg-config >/dev/null && pkg-config --exists libcurl openssl hiredis &&
        command -v redis-server >/dev/null && command -v openssl >/dev/null && exit 0
    exit 1
fi

missing=()
for package in "${packages[@]}"; do
    status="$(dpkg-query --show --showformat='${db:Status-Status}' "$package" 2>/dev/null || true)"
    [[ "$status" == installed ]] || missing+=("$package")
done
if ((${#missing[@]} == 0)); then exit 0; fi

as_root=()
if ((EUID != 0)); then
    if ! command -v sudo >/dev/null; then
        echo "Missing: ${missing[*]}. Neither root nor sudo: as root, run apt-get install ${missing[*]}" >&2
        exit 1
    fi
    as_root=(sudo)
fi

# Tests start Redis servers of their own; Debian's service must not run because of us. 101: the action is forbidden by policy.
policy=/usr/sbin/policy-rc.d
if [[ ! -e "$policy" ]]; then
    trap '"${as_root[@]}" rm -f "$policy"' EXIT
    printf '#!/bin/sh\nexit 101\n' | "${as_root[@]}" tee "$policy" >/dev/null
    "${as_root[@]}" chmod 0755 "$policy"
fi

echo "Installing: ${missing[*]}"
"${as_root[@]}" apt-get update -qq
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}"
