"""Whether what was answered is what the bank holds."""

import time

import prometheus

# Payments whose caller had left are still being decided then.
PATIENCE = 10.0


class Books:
    """Compares from its making on."""

    def __init__(self, bank, drawbridge=None):
        self._bank, self._drawbridge = bank, drawbridge
        self._charged, self._succeeded = bank.charges(), self._told()

    def _told(self):
        if self._drawbridge is None:
            return 0
        return int(prometheus.total(self._drawbridge.admin, "drawbridge_payments_total", status="succeeded"))

    def held(self):
        """Charges at the bank."""
        return self._bank.charges() - self._charged

    def broken(self, load, unfinished):
        """Sentences; `unfinished` requests may not have been answered when the load ended."""
        broken = [f"{load[what]} requests were {what}" for what in ("refused", "unanswered") if load[what]]
        charged = self.held()
        if not load["requests"] <= charged <= load["requests"] + unfinished:
            broken.append(f"{load['requests']} were answered, the bank holds {charged}")
        if self._drawbridge is not None and (told := self._await(charged)) != charged:
            broken.append(f"Drawbridge tells of {told} that succeeded, the bank holds {charged}")
        return broken

    def _await(self, charged):
        deadline = time.monotonic() + PATIENCE
        while (told := self._told() - self._succeeded) != charged and time.monotonic() < deadline:
            time.sleep(0.1)
        return told
