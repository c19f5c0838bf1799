// Everything at once: of all arrivals half are payments, two tenths read one that was taken, two tenths are callbacks, and one
// tenth authorises, captures a part and refunds a part of that.
import exec from 'k6/execution';
import * as drawbridge from './drawbridge.js';

export const options = {
  scenarios: {
    payments: drawbridge.arrivals('payments', drawbridge.rate * 0.5),
    reads: drawbridge.arrivals('reads', drawbridge.rate * 0.2),
    callbacks: drawbridge.arrivals('callbacks', drawbridge.rate * 0.2),
    lives: drawbridge.arrivals('lives', drawbridge.rate * 0.1),
  },
  thresholds: drawbridge.thresholds('payment', 'read', 'callback', 'capture', 'refund'),
  summaryTrendStats: drawbridge.summaryTrendStats,
  setupTimeout: '5m',
  teardownTimeout: '5m',
};

// Numbers of payments must not meet: the same key with another body is refused.
const livesFrom = 1000000;

export const setup = () => drawbridge.pendingPayments(drawbridge.rate * 0.2);

export const payments = () => drawbridge.pay(exec.scenario.iterationInTest);

export function reads(pending) {
  drawbridge.read(pending[exec.scenario.iterationInTest % pending.length].id);
}

export const callbacks = (pending) => drawbridge.callBack(pending, exec.scenario.iterationInTest);

export function lives() {
  const number = livesFrom + exec.scenario.iterationInTest;
  drawbridge.captureAndRefund(drawbridge.pay(number, { capture: 'manual' }), number);
}

export const teardown = (pending) => drawbridge.allSucceeded(pending);

export const handleSummary = drawbridge.handleSummary;
