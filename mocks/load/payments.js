// Card payments, each captured at once, over a bank that answers.
import exec from 'k6/execution';
import * as drawbridge from './drawbridge.js';

export const options = {
  scenarios: { payments: drawbridge.arrivals('payments', drawbridge.rate) },
  thresholds: drawbridge.thresholds('payment'),
  summaryTrendStats: drawbridge.summaryTrendStats,
};

export const payments = () => drawbridge.pay(exec.scenario.iterationInTest);

export const handleSummary = drawbridge.handleSummary;
