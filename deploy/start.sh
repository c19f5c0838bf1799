# Sourced by demo.sh and run.sh: starts the mock bank and Drawbridge on free ports and ends both with the shell.
bin=$(swift build --show-bin-path)
work=$(mktemp -d)
pids=()

stop_all() {
    local status=$?
    trap - EXIT INT TERM
    [ ${#pids[@]} -eq 0 ] || kill -TERM "${pids[@]}" 2>/dev/null || true
    wait 2>/dev/null || true
    rm -rf "$work"
    exit "$status"
}
trap stop_all EXIT
trap 'exit 0' INT TERM

# Waits until a file holds a line that matches; fails when the process that writes it is gone.
await_line() { # file, pattern, pid, what
    for _ in $(seq 1 300); do
        grep -q -- "$2" "$1" 2>/dev/null && return
        kill -0 "$3" 2>/dev/null || break
        sleep 0.1
    done
    echo "$4 did not start:" >&2
    cat "$1" >&2
    exit 1
}

# Leaves the bank's port in $bank_port and its control port in $bank_control. Arguments go to mock-gateways.
start_bank() {
    "$bin/mock-gateways" bank --port "${BANK_PORT:-0}" --control-port "${BANK_CONTROL_PORT:-0}" \
        --certificate config/certificates/server.pem --key config/certificates/server.key --client-ca config/certificates/ca.pem \
        --tenant drawbridge-demo --key-id bank-key-1 --secret text:k3y-for-tests-only "$@" >"$work/bank.log" 2>&1 &
    pids+=($!)
    await_line "$work/bank.log" '"ready":true' $! "The mock bank"
    bank_port=$(grep -o '"port":[0-9]*' "$work/bank.log" | head -n 1 | cut -d: -f2)
    bank_control=$(grep -o '"control_port":[0-9]*' "$work/bank.log" | head -n 1 | cut -d: -f2)
}

# config/demo.yaml with the ports that are free here. Leaves the API's address in $api, the admin listener's in $admin.
start_drawbridge() { # where to write the configuration
    sed -e "s#https://127.0.0.1:9443#https://127.0.0.1:$bank_port#" -e "s#certificates/#$PWD/config/certificates/#" \
        -e "s#127.0.0.1:8080#127.0.0.1:${API_PORT:-0}#" -e "s#127.0.0.1:8081#127.0.0.1:${CALLBACK_PORT:-0}#" \
        -e "s#127.0.0.1:9090#127.0.0.1:${ADMIN_PORT:-0}#" config/demo.yaml >"$1"
    "$bin/drawbridge" serve --config "$1" >"$work/drawbridge.log" 2>&1 &
    pids+=($!)
    await_line "$work/drawbridge.log" '"listener":"api"' $! Drawbridge
    await_line "$work/drawbridge.log" '"listener":"admin"' $! Drawbridge
    api=http://$(address_of api)
    admin=http://$(address_of admin)
}

address_of() { grep "\"listener\":\"$1\"" "$work/drawbridge.log" | grep -o '"address":"[^"]*"' | head -n 1 | cut -d'"' -f4; }
