#!/usr/bin/env bash
# Serves the API with a mock bank behind it until Ctrl-C.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

: "${API_PORT=8080}" "${ADMIN_PORT=9090}" "${CALLBACK_PORT=8081}"
source deploy/start.sh
start_bank
start_drawbridge "$work/drawbridge.yaml"

cat <<EOF
API    $api   (API_PORT=0 make run takes a free port)
admin  $admin   /health /ready /metrics
bank   https://127.0.0.1:$bank_port   its ledger: http://127.0.0.1:$bank_control/ledger

Pay without a signature, as the tenant "curl" (loopback only):
  curl -si $api/v1/payments -H 'X-Tenant-Id: curl' -H 'Idempotency-Key: k1' -H 'Content-Type: application/json' \\
    -d '{"amount":1000,"currency":"BRL","reference":"r1","method":{"type":"card","card":{"token":"tok_1"}}}'

Ctrl-C ends both. The log of Drawbridge:
EOF
tail -n +1 -f "$work/drawbridge.log" &
pids+=($!)
wait "${pids[1]}"
