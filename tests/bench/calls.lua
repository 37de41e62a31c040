-- Sends the requests of a file (named by CALLS, one after a line with its length in bytes) round and round; prints the
-- figures as one line of JSON after "figures".
local requests, at = {}, 0

function init()
  local file = assert(io.open(os.getenv("CALLS"), "rb"))
  local length = file:read("*l")
  while length do
    requests[#requests + 1] = file:read(tonumber(length))
    file:read("*l")
    length = file:read("*l")
  end
  file:close()
  math.randomseed(tonumber(os.getenv("SEED")))
  at = math.random(#requests)
end

function request()
  at = at % #requests + 1
  return requests[at]
end

function done(summary, latency)
  local errors = summary.errors
  io.write(string.format(
    'figures {"calls": %d, "seconds": %.6f, "refused": %d, "broken": %d, "p50_ms": %.3f, "p99_ms": %.3f, "max_ms": %.3f}\n',
    summary.requests, summary.duration / 1e6, errors.status,
    errors.connect + errors.read + errors.write + errors.timeout,
    latency:percentile(50) / 1000, latency:percentile(99) / 1000, latency.max / 1000))
end
