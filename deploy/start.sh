# Sourced: starts mock banks and Drawbridge on free ports and ends both with the shell.
# build: debug or release (default: debug). configuration: instead of config/demo.yaml, whose addresses it must have.
bin=$(swift build -c "${build:-debug}" --show-bin-path)
work=$(mktemp -d)
pids=()

stop_all() {
    local status=$?
    trap - EXIT INT TERM
    local pid
    for pid in "${pids[@]}"; do kill -TERM "$pid" 2>/dev/null || true; done
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

# A port that nothing listens on, below those of connections that go out. Somebody else may be faster; then the start fails and
# says so.
free_port() {
    local port
    while :; do
        port=$((20000 + RANDOM % 12000))
        (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || { echo "$port"; return; }
    done
}

# Known before the banks start: they call back there.
if [ "${CALLBACK_PORT:-0}" = 0 ]; then CALLBACK_PORT=$(free_port); fi

declare -A bank_port=() bank_control=() bank_pid=()

# Starts the mock bank of that name, on the port it had before if it ran already. Leaves its port in bank_port[name] and its
# control port in bank_control[name].
start_bank() { # name
    "$bin/mock-gateways" bank --port "${bank_port[$1]:-0}" --control-port "${bank_control[$1]:-0}" \
        --certificate config/certificates/server.pem --key config/certificates/server.key --client-ca config/certificates/ca.pem \
        --tenant drawbridge-demo --key-id bank-key-1 --secret text:k3y-for-tests-only \
        --callback-url "http://127.0.0.1:$CALLBACK_PORT/callbacks/$1" --callback-key-id "$1-callback-1" \
        --callback-secret text:k3y-for-callbacks-only >"$work/$1.log" 2>&1 &
    bank_pid[$1]=$!
    pids+=($!)
    await_line "$work/$1.log" '"ready":true' $! "The mock bank $1"
    bank_port[$1]=$(grep -o '"port":[0-9]*' "$work/$1.log" | head -n 1 | cut -d: -f2)
    bank_control[$1]=$(grep -o '"control_port":[0-9]*' "$work/$1.log" | head -n 1 | cut -d: -f2)
}

stop_bank() { # name
    kill -KILL "${bank_pid[$1]}"
    wait "${bank_pid[$1]}" 2>/dev/null || true
}

# The configuration with the ports that are free here. Leaves the API's address in $api, the admin listener's in $admin.
start_drawbridge() { # where to write the configuration
    sed -e "s#https://127.0.0.1:9443#https://127.0.0.1:${bank_port[bank-a]}#" \
        -e "s#https://127.0.0.1:9444#https://127.0.0.1:${bank_port[bank-b]}#" -e "s#certificates/#$PWD/config/certificates/#g" \
        -e "s#127.0.0.1:8080#127.0.0.1:${API_PORT:-0}#" -e "s#127.0.0.1:8081#127.0.0.1:$CALLBACK_PORT#" \
        -e "s#127.0.0.1:9090#127.0.0.1:${ADMIN_PORT:-0}#" "${configuration:-config/demo.yaml}" >"$1"
    "$bin/drawbridge" serve --config "$1" >"$work/drawbridge.log" 2>&1 &
    drawbridge_pid=$!
    pids+=($!)
    await_line "$work/drawbridge.log" '"listener":"api"' $! Drawbridge
    await_line "$work/drawbridge.log" '"listener":"admin"' $! Drawbridge
    await_line "$work/drawbridge.log" '"listener":"callbacks"' $! Drawbridge
    api=http://$(address_of api)
    admin=http://$(address_of admin)
}

address_of() { grep "\"listener\":\"$1\"" "$work/drawbridge.log" | grep -o '"address":"[^"]*"' | head -n 1 | cut -d'"' -f4; }
