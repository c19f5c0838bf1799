// The bank decides payments that it had left undecided, and tells so: one payment for each callback, made before the clock runs.
import exec from 'k6/execution';
import * as drawbridge from './drawbridge.js';

export const options = {
  scenarios: { callbacks: drawbridge.arrivals('callbacks', drawbridge.rate) },
  thresholds: drawbridge.thresholds('callback'),
  summaryTrendStats: drawbridge.summaryTrendStats,
  setupTimeout: '5m',
  teardownTimeout: '5m',
};

export const setup = () => drawbridge.pendingPayments(drawbridge.rate);

export const callbacks = (payments) => drawbridge.callBack(payments, exec.scenario.iterationInTest);

export const teardown = (payments) => drawbridge.allSucceeded(payments);

export const handleSummary = drawbridge.handleSummary;
