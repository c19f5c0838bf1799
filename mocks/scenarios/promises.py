"""The promises of contract/idempotency.md, held against the ledgers."""

FINAL = {"succeeded", "authorized", "failed", "canceled"}
AT_REST = FINAL | {"manual_review"}
HOLDING = {"succeeded", "authorized"}


def broken(payments, holders):
    """What is wrong, in words. `payments` are as Drawbridge shows them now, by id; None is one it does not show."""
    found = []
    for identifier, payment in payments.items():
        held = holders.get(identifier, {})
        if len(held) > 1:
            found.append(f"P1 {identifier}: {' and '.join(sorted(held))} hold money for it")
        if payment is None:
            found.append(f"P2 {identifier}: not shown any more")
        elif payment["status"] not in AT_REST:
            found.append(f"P2 {identifier}: still {payment['status']} ({payment.get('processing_reason')})")
        elif payment["status"] in HOLDING and held != {payment["gateway"]: payment["amount"]}:
            found.append(f"P3 {identifier}: {payment['status']} at {payment['gateway']}, and held is {held or 'nothing'}")
        elif payment["status"] in {"failed", "canceled"} and held:
            found.append(f"P3 {identifier}: {payment['status']}, and {' and '.join(sorted(held))} holds money for it")
    return found
