// What the load scenarios share: signed requests, signed callbacks, and the objectives as thresholds. The signature is written
// after the words of protocols/bank-hmac.md and by no code of the program's. deploy/load.sh sets the variables.
import http from 'k6/http';
import crypto from 'k6/crypto';
import { check } from 'k6';

const api = __ENV.API;
const callbacks = __ENV.CALLBACKS;
const run = __ENV.RUN;
export const rate = Number(__ENV.RATE);
const seconds = Number(__ENV.DURATION);

const stamp = () => `${new Date().toISOString().slice(0, 19)}Z`;
const signature = (secret, lines) => `v1=${crypto.hmac('sha256', secret, lines.join('\n'), 'base64')}`;

const whole = (perSecond) => Math.max(1, Math.round(perSecond));

// A scenario of so many new iterations a second, whether or not earlier ones have ended.
export function arrivals(exec, perSecond) {
  return {
    executor: 'constant-arrival-rate', exec, duration: `${seconds}s`, rate: whole(perSecond), timeUnit: '1s',
    preAllocatedVUs: Math.max(10, Math.ceil(perSecond / 2)), maxVUs: Math.max(50, Math.ceil(perSecond * 4)),
    gracefulStop: '10s',
  };
}

// The objectives: p95 and p99 of each kind of request in milliseconds, nothing failed, nothing left out. Of a debug build the
// times are told and not judged; k6 tells those alone that some threshold names.
export function thresholds(...kinds) {
  const all = { checks: ['rate==1'], 'http_req_failed{phase:load}': ['rate==0'], dropped_iterations: ['count==0'] };
  const times = __ENV.BUILD === 'release' ? ['p(95)<=200', 'p(99)<=350'] : ['max>=0'];
  for (const kind of kinds) all[`http_req_duration{kind:${kind}}`] = times;
  return all;
}

// What http.request and http.batch take: a request to the API, signed as the tenant.
function signed(method, path, body, key, tags) {
  const text = body === null ? '' : JSON.stringify(body);
  const timestamp = stamp();
  const headers = {
    'X-Tenant-Id': __ENV.TENANT, 'X-Key-Id': __ENV.KEY_ID, 'X-Timestamp': timestamp,
    'X-Signature': signature(__ENV.SECRET, [
      method, path, '', crypto.sha256(text, 'hex'), __ENV.TENANT, key, timestamp,
    ]),
  };
  if (body !== null) headers['Content-Type'] = 'application/json';
  if (key !== '') headers['Idempotency-Key'] = key;
  return { method, url: `${api}${path}`, body: text || null, params: { headers, tags: { name: tags.kind, ...tags } } };
}

function send(request, status) {
  const answer = http.request(request.method, request.url, request.body, request.params);
  check(answer, { [`${request.params.tags.kind}: ${status}`]: (it) => it.status === status });
  return answer;
}

const payment = (number, members) => ({
  amount: 1000 + (number % 9000), currency: 'BRL', reference: `load-${number}`,
  method: { type: 'card', card: { token: 'tok_load' } }, ...members,
});

// Takes a payment; it must succeed, or be authorised where `capture` is manual.
export function pay(number, members = {}) {
  const body = payment(number, members);
  const request = signed('POST', '/v1/payments', body, `${run}-pay-${number}`, { kind: 'payment', phase: 'load' });
  const answer = send(request, 201);
  const wanted = members.capture === 'manual' ? 'authorized' : 'succeeded';
  check(answer, { [`payment: ${wanted}`]: (it) => it.json('status') === wanted });
  return { id: answer.json('id'), amount: body.amount };
}

export function read(id) {
  send(signed('GET', `/v1/payments/${id}`, null, '', { kind: 'read', phase: 'load' }), 200);
}

// Takes a part of what was authorised, then gives a part of that back.
export function captureAndRefund({ id, amount }, number) {
  const part = Math.floor(amount / 2);
  const post = (path, body, kind, status) =>
    send(signed('POST', `/v1/payments/${id}/${path}`, body, `${run}-${kind}-${number}`, { kind, phase: 'load' }), status);
  post('capture', { amount: part }, 'capture', 200);
  post('refunds', { amount: Math.floor(part / 2) }, 'refund', 201);
}

// Payments that the bank leaves undecided, for callbacks of that rate to decide: [{id, amount}]. There are fewer than callbacks,
// for banks tell some things twice, and so that each is told at least once.
export function pendingPayments(perSecond) {
  const count = whole(perSecond) * Math.max(1, seconds - 1);
  const made = [];
  for (let first = 0; first < count; first += 50) {
    const requests = [];
    for (let number = first; number < Math.min(first + 50, count); number += 1) {
      const body = payment(number, { description: 'mock:pending' });
      requests.push(signed('POST', '/v1/payments', body, `${run}-pending-${number}`, { kind: 'pending', phase: 'setup' }));
    }
    http.batch(requests).forEach((answer, index) => {
      if (answer.status !== 202) throw new Error(`a payment to be decided later: ${answer.status} ${answer.body}`);
      made.push({ id: answer.json('id'), amount: 1000 + ((first + index) % 9000) });
    });
  }
  return made;
}

// The bank's word that a payment was taken.
export function callBack(payments, number) {
  const { id, amount } = payments[number % payments.length];
  const event = `evt_${id}`;
  const body = JSON.stringify({
    event_id: event, type: 'charge.updated', occurred_at: stamp(),
    data: {
      bank_reference: `load_${id}`, reference: id, status: 'APPROVED', amount, currency: 'BRL',
      captured_amount: amount, refunded_amount: 0, code: '00', message: 'approved', action: null,
    },
  });
  deliver(body, event, `nonce-${run}-${number}`);
}

function deliver(body, event, nonce) {
  const path = '/callbacks/bank-a';
  const timestamp = stamp();
  const headers = {
    'Content-Type': 'application/json', 'X-Key-Id': __ENV.CALLBACK_KEY_ID, 'X-Timestamp': timestamp, 'X-Nonce': nonce,
    'X-Event-Id': event,
    'X-Signature': signature(__ENV.CALLBACK_SECRET, ['POST', path, '', crypto.sha256(body, 'hex'), nonce, event, timestamp]),
  };
  const tags = { kind: 'callback', name: 'callback', phase: 'load' };
  send({ method: 'POST', url: `${callbacks}${path}`, body, params: { headers, tags } }, 204);
}

// Each has succeeded by now, or what acknowledged its callback lied.
export function allSucceeded(payments) {
  for (let first = 0; first < payments.length; first += 50) {
    const requests = payments.slice(first, first + 50).map(({ id }) =>
      signed('GET', `/v1/payments/${id}`, null, '', { kind: 'review', phase: 'teardown' }));
    for (const answer of http.batch(requests)) {
      check(answer, { 'callback: applied': (it) => it.json('status') === 'succeeded' });
    }
  }
}

export const summaryTrendStats = ['med', 'p(95)', 'p(99)', 'max', 'count'];

// A line for each kind of request and for each threshold that was missed; the numbers also go to the file SUMMARY.
export function handleSummary({ metrics }) {
  const told = { rate, seconds, missed: [], requests: {} };
  for (const [name, { values, thresholds: held }] of Object.entries(metrics)) {
    const kind = name.match(/^http_req_duration\{kind:(.*)\}$/);
    if (kind) told.requests[kind[1]] = values;
    for (const [threshold, { ok }] of Object.entries(held || {})) if (!ok) told.missed.push(`${name}: ${threshold}`);
  }
  const lines = Object.entries(told.requests).map(([kind, values]) => {
    const times = ['med', 'p(95)', 'p(99)', 'max'].map((name) => `${name} ${values[name].toFixed(1)}`);
    return `   ${kind.padEnd(10)} ${String(values.count).padStart(7)} requests   ${times.join('   ')} ms`;
  });
  const text = [...lines, ...told.missed.map((each) => `   MISSED ${each}`), ''].join('\n');
  return { stdout: text, [__ENV.SUMMARY]: JSON.stringify(told, null, 1) };
}
