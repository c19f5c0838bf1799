-- Card payments for wrk with one thread: to Drawbridge (TARGET=drawbridge), or through Envoy to the bank itself (TARGET=bank).
--   RUN           what the keys of this run begin with: they must not be met again
--   TENANT        who pays
--   DESCRIPTION   what the mock bank is asked to do, mock:...
--   COUNT         so many payments and no more; without it until wrk's time is over
--   PAYMENTS      file for the ids of the payments, one a line; needs COUNT
local here = debug.getinfo(1, "S").source:match("^@(.*/)")
local signing, counting = dofile(here .. "signing.lua"), dofile(here .. "counting.lua")

local run, tenant = os.getenv("RUN"), os.getenv("TENANT")
local description = os.getenv("DESCRIPTION")
local rest = ',"method":{"type":"card","card":{"token":"tok_bench"}}'
  .. (description and ',"description":"' .. description .. '"' or "") .. "}"

local targets = {
  drawbridge = {
    path = "/v1/payments", tenant = tenant, key = "bench-1", secret = "t3nant-secret-for-the-bench",
    body = '{"amount":1000,"currency":"BRL","reference":"%s"' .. rest,
  },
  bank = {
    path = "/v1/charges", tenant = "bench", key = "bank-key-1", secret = "b4nk-secret-for-the-bench",
    body = '{"amount":1000,"currency":"BRL","capture":true,"reference":"%s"' .. rest,
  },
}
local target = targets[os.getenv("TARGET")]

local count = 0
function request()
  count = count + 1
  local id = run .. "-" .. count
  local now, body = signing.now(), target.body:format(id)
  return wrk.format("POST", target.path, {
    ["Content-Type"] = "application/json", ["Idempotency-Key"] = id, ["X-Request-Id"] = id,
    ["X-Tenant-Id"] = target.tenant, ["X-Key-Id"] = target.key, ["X-Timestamp"] = now,
    ["X-Signature"] = signing.sign(target.secret, { "POST", target.path, "", signing.hash(body), target.tenant, id, now }),
  }, body)
end

local wanted = tonumber(os.getenv("COUNT"))
if wanted then
  local file = os.getenv("PAYMENTS") and io.open(os.getenv("PAYMENTS"), "w")
  -- Each at once: nothing tells a script's thread that it ends.
  if file then file:setvbuf("line") end
  counting.exactly(wanted, file and function(_, body)
    local id = body:match('"id"%s*:%s*"(pay_[^"]*)"')
    if id then file:write(id, "\n") end
  end)
end
