-- What the scripts for wrk share: a fixed number of requests, and the summary as one line of JSON.
local counting = {}

-- Makes wrk send so many requests and no more, and say when each was answered: a run that ends by the clock leaves some unanswered.
-- wrk itself sleeps on; whoever reads this interrupts it. `answered(status, body)` is given every answer.
function counting.exactly(wanted, answered)
  local begun, ended = 0, 0
  function delay()
    begun = begun + 1
    return begun <= wanted and 0 or 3600000
  end
  function response(status, _, body)
    ended = ended + 1
    if answered then answered(status, body) end
    if ended == wanted then
      io.write("all answered\n")
      io.flush()
    end
  end
end

function done(summary, latency)
  local function milliseconds(percentile) return latency:percentile(percentile) / 1000 end
  local errors = summary.errors
  io.write(string.format(
    '{"requests":%d,"seconds":%.3f,"p50":%.3f,"p99":%.3f,"p99_9":%.3f,"max":%.3f,"refused":%d,"unanswered":%d}\n',
    summary.requests, summary.duration / 1e6, milliseconds(50), milliseconds(99), milliseconds(99.9), latency.max / 1000,
    errors.status, errors.connect + errors.read + errors.write + errors.timeout))
end

return counting
