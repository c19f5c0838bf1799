#!/usr/bin/env bash
# Holds the built program against the document it serves: Schemathesis for every operation, then what Schemathesis does not
# send. Ends by itself; leaves nothing running. Python packages go to .build/contract-venv, at the versions of requirements.txt.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

tests=Tests/contract
python=.build/contract-venv

# The stamp is written last: an environment whose making was interrupted is made again.
if ! cmp -s "$tests/requirements.txt" "$python/made-of"; then
    python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null ||
        { echo "The contract tests need Python 3.11 or later as python3 (Debian: make setup)." >&2; exit 1; }
    echo "installing the contract tests' Python packages in $python"
    mkdir -p .build
    python3 -m venv --clear "$python" ||
        { echo "python3 cannot make a virtual environment (Debian: make setup)." >&2; exit 1; }
    "$python/bin/pip" install --quiet --disable-pip-version-check --requirement "$tests/requirements.txt"
    cp "$tests/requirements.txt" "$python/made-of"
fi

source deploy/start.sh
start_bank bank-a
start_bank bank-b
start_drawbridge "$work/drawbridge.yaml"

# Payments for the operations to find. The largest amount, so that any capture fits.
pay() { # number, capture
    "$bin/drawbridge" pay --url "$api" --tenant curl --json --amount 999999999999 --currency BRL --reference contract \
        --card-token tok_contract --capture "$2" --idempotency-key "contract-$1" | grep -o 'pay_[0-9a-z]*' | head -n 1
}
payments=()
for number in $(seq 1 20); do payments+=("$(pay "$number" manual)"); done
for number in $(seq 21 30); do payments+=("$(pay "$number" automatic)"); done

export CONTRACT_API=$api CONTRACT_PAYMENTS="${payments[*]}" CONTRACT_BIN=$bin CONTRACT_CONFIGURATION=$work/drawbridge.yaml
export CONTRACT_BANK_CONTROL=127.0.0.1:${bank_control[bank-a]} PYTHONPATH=$PWD/$tests PYTHONDONTWRITEBYTECODE=1
failed=0
# Without a filter Schemathesis leaves out the operation that serves the document. It writes to the folder it is started in.
(cd "$work" && "$OLDPWD/$python/bin/schemathesis" --config-file "$OLDPWD/$tests/schemathesis.toml" run "$api/openapi.yaml" \
    --url "$api" --include-path-regex . --report junit --report-junit-path "$work/schemathesis.xml") || failed=1
"$python/bin/pytest" --quiet -p no:cacheprovider --tb short -rs "--junit-xml=$work/pytest.xml" "$tests" || failed=1
"$python/bin/python" "$tests/tally.py" "$work/schemathesis.xml" "$work/pytest.xml" || failed=1
exit "$failed"
