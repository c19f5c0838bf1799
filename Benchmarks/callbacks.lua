-- Callbacks for wrk, signed as bank-hmac has it: each tells that one payment succeeded.
--   PAYMENTS   file with the ids of pending payments, one a line; each is told of once
local here = debug.getinfo(1, "S").source:match("^@(.*/)")
local signing, counting = dofile(here .. "signing.lua"), dofile(here .. "counting.lua")

local path, secret = "/callbacks/bank", "c4llback-secret-for-the-bench"
local body = '{"event_id":"evt_%s","type":"charge.updated","occurred_at":"%s","data":{"bank_reference":"bench_%s",'
  .. '"reference":"%s","status":"APPROVED","amount":1000,"currency":"BRL","captured_amount":1000,"refunded_amount":0,'
  .. '"code":"00","message":"approved","action":null}}'

local payments = {}
for id in io.lines(os.getenv("PAYMENTS")) do payments[#payments + 1] = id end

local count = 0
function request()
  -- wrk asks for one more than it sends, to see whether it is well formed.
  local id, now = payments[count % #payments + 1], signing.now()
  count = count + 1
  local event, nonce, text = "evt_" .. id, "nonce-" .. count .. "-" .. id, body:format(id, now, id, id)
  return wrk.format("POST", path, {
    ["Content-Type"] = "application/json", ["X-Key-Id"] = "callback-1", ["X-Timestamp"] = now, ["X-Nonce"] = nonce,
    ["X-Event-Id"] = event,
    ["X-Signature"] = signing.sign(secret, { "POST", path, "", signing.hash(text), nonce, event, now }),
  }, text)
end

counting.exactly(#payments)
