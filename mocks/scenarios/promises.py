"""The promises of contract/idempotency.md, held against the ledgers."""

FINAL = {"succeeded", "authorized", "failed", "canceled"}
HOLDING = {"succeeded", "authorized"}


def broken(payments, holders, under_review=frozenset()):
    """What is wrong, in words. `payments` are as Drawbridge shows them now, by id; None is one it does not show.

    `under_review` are the ids of those that may wait for an operator. R4 and R5 leave a payment to one only after
    `give_up_after`, and O6 only where a gateway approves what was not asked: elsewhere it hides what was to be found out.
    """
    found = []
    for identifier, payment in payments.items():
        held = holders.get(identifier, {})
        if len(held) > 1:
            found.append(f"P1 {identifier}: {' and '.join(sorted(held))} hold money for it")
        if payment is None:
            found.append(f"P2 {identifier}: not shown any more")
        elif payment["status"] not in FINAL and not (payment["status"] == "manual_review" and identifier in under_review):
            found.append(f"P2 {identifier}: still {payment['status']} ({payment.get('processing_reason')})")
        elif payment["status"] in HOLDING and held != {payment["gateway"]: payment["amount"]}:
            found.append(f"P3 {identifier}: {payment['status']} at {payment['gateway']}, and held is {held or 'nothing'}")
        elif payment["status"] in {"failed", "canceled"} and held:
            found.append(f"P3 {identifier}: {payment['status']}, and {' and '.join(sorted(held))} holds money for it")
    return found


def never_went_on(payments, gateway):
    """What is wrong where none of these payments, each free to go on, ended at the next gateway of its route."""
    if any(payment and payment["gateway"] == gateway for payment in payments):
        return []
    return [f"no payment ended at {gateway}: nothing went on to it"]
