// Payments at a constant rate: to Drawbridge (TARGET=drawbridge), or to the bank itself (TARGET=bank), straight or through a proxy.
// The next comes whether or not the last was answered. Nothing is read of an answer but its status: k6 shares the machine with
// what it measures.
//   URL, RATE, SECONDS, RUN, TENANT; SUMMARY   where the numbers go
//   CERTIFICATES                               folder, for a bank behind mutual TLS
import http from 'k6/http';
import crypto from 'k6/crypto';
import exec from 'k6/execution';

const environment = __ENV;
const targets = {
  drawbridge: {
    path: '/v1/payments', tenant: environment.TENANT, key: 'bench-1', secret: 't3nant-secret-for-the-bench', extra: '',
  },
  bank: {
    path: '/v1/charges', tenant: 'bench', key: 'bank-key-1', secret: 'b4nk-secret-for-the-bench',
    extra: '"capture":true,',
  },
};
const target = targets[environment.TARGET];
const url = `${environment.URL}${target.path}`;

http.setResponseCallback(http.expectedStatuses({ min: 200, max: 201 }));

const certificate = environment.CERTIFICATES
  ? [{ cert: open(`${environment.CERTIFICATES}/client.pem`), key: open(`${environment.CERTIFICATES}/client.key`) }]
  : [];

export const options = {
  scenarios: {
    arrivals: {
      executor: 'constant-arrival-rate', rate: Number(environment.RATE), timeUnit: '1s', duration: `${environment.SECONDS}s`,
      preAllocatedVUs: 40, maxVUs: 200, gracefulStop: '15s',
    },
  },
  discardResponseBodies: true,
  tlsAuth: certificate,
  summaryTrendStats: ['count', 'med', 'p(99)', 'p(99.9)', 'max'],
  systemTags: ['status'],
};

export default function pay() {
  const id = `${environment.RUN}-${exec.scenario.iterationInTest}`;
  const timestamp = `${new Date().toISOString().slice(0, 19)}Z`;
  const members = `${target.extra}"amount":1000,"currency":"BRL","reference":"${id}"`;
  const body = `{${members},"method":{"type":"card","card":{"token":"tok_bench"}}}`;
  const lines = ['POST', target.path, '', crypto.sha256(body, 'hex'), target.tenant, id, timestamp].join('\n');
  const signature = crypto.hmac('sha256', target.secret, lines, 'base64');
  http.post(url, body, {
    headers: {
      'Content-Type': 'application/json', 'Idempotency-Key': id, 'X-Request-Id': id, 'X-Tenant-Id': target.tenant,
      'X-Key-Id': target.key, 'X-Timestamp': timestamp, 'X-Signature': `v1=${signature}`,
    },
  });
}

export function handleSummary({ metrics }) {
  const value = (metric, name) => (metrics[metric] ? metrics[metric].values[name] : 0);
  const times = metrics.http_req_duration.values;
  return {
    [environment.SUMMARY]: JSON.stringify({
      requests: times.count, p50: times.med, p99: times['p(99)'], p99_9: times['p(99.9)'], max: times.max,
      failed: value('http_req_failed', 'passes'), dropped: value('dropped_iterations', 'count'),
    }),
  };
}
