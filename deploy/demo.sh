#!/usr/bin/env bash
# Takes payments at two mock banks, step by step, and says what happens. Ends by itself; leaves nothing running.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

source deploy/start.sh
start_bank bank-a
start_bank bank-b
start_drawbridge "$work/drawbridge.yaml"

bold=; plain=
if [ -t 1 ] && [ -z "${NO_COLOR:-}" ]; then bold=$'\e[1m'; plain=$'\e[0m'; fi
step() { printf '\n%s%s%s\n' "$bold" "$1" "$plain"; shift; printf '   %s\n' "$@"; }

# Runs the command line client as the tenant `demo`; its answer goes to $answer, whatever it was.
client() {
    local command=$1; shift
    answer=$("$bin/drawbridge" "$command" --url "$api" --tenant demo --key-id demo-1 --secret text:demo-tenant-secret "$@" \
        2>"$work/notes") || true
    sed 's/^/   /' "$work/notes"
}
member() { printf '%s' "$answer" | grep -o "\"$1\":\(\"[^\"]*\"\|[0-9]*\|null\)" | head -n 1 | cut -d: -f2- | tr -d '"'; }
outcomes() { printf '%s' "$answer" | grep -o '"gateway":"[^"]*","operation":"[^"]*","outcome":"[^"]*"' | cut -d'"' -f4,8,12 | tr '"' ' ' | paste -sd, | sed 's/,/, /g'; }
show() {
    local name
    for name in "$@"; do printf '   %-18s %s\n' "$name" "$(member "$name")"; done
}
expect() {
    local got; got=$(member "$1")
    [ "$got" = "$2" ] || { printf 'expected %s to be %s, got %s\nanswer: %s\n' "$1" "$2" "${got:-nothing}" "$answer" >&2; exit 1; }
}

step "1. A payment of BRL 10.00" \
    "The client signs the request (HMAC) and posts it to $api/v1/payments." \
    "Drawbridge stores it, signs a request of its own, sends it to the bank over mutual TLS," \
    "verifies the signature of the bank's answer, stores it, and answers:"
client pay --amount 1000 --currency BRL --reference order-1 --card-token tok_demo --idempotency-key demo-key-1
show id status gateway gateway_reference amount amount_captured
expect status succeeded
first=$answer; payment=$(member id)

step "2. The same request again, with the same Idempotency-Key" \
    "As after a lost answer. Nothing is sent to the bank; the answer is the first one, byte for byte:"
client pay --amount 1000 --currency BRL --reference order-1 --card-token tok_demo --idempotency-key demo-key-1
[ "$answer" = "$first" ] || { echo "the replay differs" >&2; exit 1; }
echo "   identical to the first answer"

step "3. The same key for another amount" "Refused: a key belongs to one request."
client pay --amount 9999 --currency BRL --reference order-1 --card-token tok_demo --idempotency-key demo-key-1
show code status
expect code idempotency_key_reused

step "4. Authorise BRL 25.00, capture BRL 20.00 of it" "The bank first only holds the amount …"
client pay --amount 2500 --currency BRL --reference order-2 --card-token tok_demo --capture manual --idempotency-key demo-key-2
show status amount amount_captured
expect status authorized
authorized=$(member id)
printf '   … then takes a part; the rest is released.\n'
client capture "$authorized" --amount 2000 --idempotency-key demo-key-3
show status amount_captured
expect amount_captured 2000

step "5. Refund BRL 4.00 of the first payment" "A part, or all that is left, can go back, and again until nothing is left:"
client refund "$payment" --amount 400 --reason "one item came back" --idempotency-key demo-key-4
show id status amount
expect status succeeded

step "6. A refund of more than is left" "Refused before anything is sent: captured 1000, refunded 400."
client refund "$payment" --amount 700 --idempotency-key demo-key-5
show code
expect code validation_failed

step "7. A decline" "The bank says 51, insufficient funds. That is an answer, not an error: HTTP 201, status failed."
client pay --amount 300 --currency BRL --reference order-3 --card-token tok_demo --description mock:decline_51 --idempotency-key demo-key-6
show status category gateway_code
expect status failed

step "8. The bank takes the money and never answers" \
    "Nobody knows what happened, so nothing is sent again or elsewhere: Drawbridge asks the bank, by its own reference."
client pay --amount 700 --currency BRL --reference order-4 --card-token tok_demo --description mock:cut_after --idempotency-key demo-key-7
show status gateway amount_captured
expect status succeeded
printf '   %-18s %s\n' "attempts" "$(outcomes)"

step "9. bank-a is down" \
    "It is tried again, after a moment; then bank-b takes the payment, for bank-a certainly has not."
stop_bank bank-a
client pay --amount 800 --currency BRL --reference order-5 --card-token tok_demo --idempotency-key demo-key-8
show status gateway
expect gateway bank-b
printf '   %-18s %s\n' "attempts" "$(outcomes)"

step "10. Both banks are down" "The payment is stored and queued; the caller need not come back."
stop_bank bank-b
client pay --amount 900 --currency BRL --reference order-6 --card-token tok_demo --idempotency-key demo-key-9
show status gateway
expect status queued
queued=$(member id)
printf '   bank-b comes back, and Drawbridge tries again by itself:\n'
start_bank bank-b
for _ in $(seq 1 60); do
    answer=$("$bin/drawbridge" payments get "$queued" --url "$api" --tenant demo --key-id demo-1 --secret text:demo-tenant-secret \
        2>/dev/null)
    [ "$(member status)" != succeeded ] || break
    sleep 0.5
done
show status gateway amount_captured
expect status succeeded

step "11. The bank decides later" \
    "It takes the payment and answers PENDING: HTTP 202. A second later it posts its decision, signed, to the callback listener," \
    "and a payment service that waits for events (GET /v1/events?wait=…) hears of it at once."
events() { client_quietly events --limit 500 "$@"; }
client_quietly() {
    answer=$("$bin/drawbridge" "$@" --url "$api" --tenant demo --key-id demo-1 --secret text:demo-tenant-secret --json)
}
last_event() { printf '%s' "$answer" | grep -o '"id":"evt_[^"]*"' | tail -n 1 | cut -d'"' -f4; }
events
cursor=$(last_event)
client pay --amount 600 --currency BRL --reference order-7 --card-token tok_demo --description mock:callback_late=1000 \
    --gateway bank-b --idempotency-key demo-key-10
show status processing_reason
expect status processing
for _ in 1 2 3; do
    events --after "$cursor" --wait 10
    printf '%s' "$answer" | grep -o '"type":"payment[^"]*"\|"cause":"[^"]*"' | cut -d'"' -f4 | paste -d' ' - - | sed 's/^/   event             /'
    ! printf '%s' "$answer" | grep -q '"type":"payment.succeeded"' || break
    cursor=$(last_event)
done
printf '%s' "$answer" | grep -q '"type":"payment.succeeded"[^}]*"cause":"callback"' || { echo "no callback: $answer" >&2; exit 1; }

step "12. What the operator sees" "Breakers, and what happened to that payment (drawbridge gateways, drawbridge audit):"
"$bin/drawbridge" gateways --admin "$admin" | sed 's/^/   /'
"$bin/drawbridge" audit "$queued" --admin "$admin" | sed 's/^/   /'

printf '\n%sDone.%s Everything above ran on this machine; the log of Drawbridge was:\n' "$bold" "$plain"
sed 's/^/   /' "$work/drawbridge.log" | grep decided
printf '\nNext: make run, then try it yourself; README.md shows how.\n'
