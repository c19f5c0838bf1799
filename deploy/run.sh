#!/usr/bin/env bash
# Serves the API with two mock banks behind it until Ctrl-C.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

: "${API_PORT=8080}" "${ADMIN_PORT=9090}" "${CALLBACK_PORT=8081}"
source deploy/start.sh
start_bank bank-a
start_bank bank-b
start_drawbridge "$work/drawbridge.yaml"

cat <<EOF
API    $api   (API_PORT=0 make run takes a free port)
admin  $admin   /health /ready /metrics /admin/gateways /admin/queue /admin/dead-letters /admin/callbacks/unmatched
banks call back to http://127.0.0.1:$CALLBACK_PORT/callbacks/bank-a and …/bank-b
bank-a https://127.0.0.1:${bank_port[bank-a]}   its ledger: http://127.0.0.1:${bank_control[bank-a]}/ledger
bank-b https://127.0.0.1:${bank_port[bank-b]}   its ledger: http://127.0.0.1:${bank_control[bank-b]}/ledger

Pay without a signature, as the tenant "curl" (loopback only):
  curl -si $api/v1/payments -H 'X-Tenant-Id: curl' -H 'Idempotency-Key: k1' -H 'Content-Type: application/json' \\
    -d '{"amount":1000,"currency":"BRL","reference":"r1","method":{"type":"card","card":{"token":"tok_1"}}}'

A payment that the bank decides later, and what happened since:
  curl -s $api/v1/payments -H 'X-Tenant-Id: curl' -H 'Idempotency-Key: k2' -H 'Content-Type: application/json' \\
    -d '{"amount":1000,"currency":"BRL","reference":"r2","description":"mock:callback_late","method":{"type":"card","card":{"token":"tok_1"}}}'
  curl -s "$api/v1/events?wait=10" -H 'X-Tenant-Id: curl'

Stop bank-a (kill ${bank_pid[bank-a]}) and pay again: bank-b takes it.

Ctrl-C ends all. The log of Drawbridge:
EOF
tail -n +1 -f "$work/drawbridge.log" &
pids+=($!)
wait "$drawbridge_pid"
