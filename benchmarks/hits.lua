-- The load of `tracking.py` for wrk: `wrk ... -s hits.lua URL -- TOKENS_FILE SECONDS`; one line "OPEN_TOKEN CLICK_TOKEN" a message.
-- Four of five hits are opens, one is a click; browsers, mail programs and Gmail's proxy take turns.
--
-- wrk ends in the middle of requests, so the count of its responses is not the count of hits that were answered. Here the load
-- pauses after SECONDS until whatever is under way was answered, and only requests of /health follow.
local ffi = require("ffi")
ffi.cdef [[
  typedef struct { long seconds; long nanoseconds; } moment;
  int clock_gettime(int clock, moment *now);
  int usleep(unsigned microseconds);
]]
local PAUSE_MICROSECONDS = 2500000
local AGENTS = {
  { "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)" },
  { "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36", "fi-FI,fi;q=0.9" },
  { "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko)", "en-GB" },
  { "Mozilla/5.0 (X11; Linux x86_64; rv:133.0) Gecko/20100101 Firefox/133.0", "de,en;q=0.5" },
}
local now = ffi.new("moment")
local opens, clicks, messages, health = {}, {}, 0, nil
local threads = {}
local verified, began, limit, over = false, nil, 0, false
hits, hit_seconds = 0, 0 -- global: read by `done`

local function seconds()
  ffi.C.clock_gettime(1, now)
  return tonumber(now.seconds) + tonumber(now.nanoseconds) / 1e9
end

function setup(thread) table.insert(threads, thread) end

function init(arguments)
  math.randomseed(20260302)
  limit = tonumber(arguments[2])
  for line in io.lines(arguments[1]) do
    local open, click = line:match("^(%S+) (%S+)$")
    messages = messages + 1
    local agent = AGENTS[messages % #AGENTS + 1]
    local headers = { ["User-Agent"] = agent[1], ["Accept-Language"] = agent[2], ["Accept"] = "*/*" }
    opens[messages] = wrk.format("GET", "/track/open/" .. open, headers)
    clicks[messages] = wrk.format("GET", "/track/click/" .. click .. "?url=https%3A%2F%2Fcompany.test%2Foffer", headers)
  end
  health = wrk.format("GET", "/health", {})
end

function request()
  if not verified then -- wrk asks once before it starts, and sends nothing
    verified = true
    return health
  end
  if over then -- almost nothing: what follows is not part of the load
    ffi.C.usleep(20000)
    return health
  end
  local at = seconds()
  began = began or at
  if at - began >= limit then
    over = true
    hit_seconds = at - began
    ffi.C.usleep(PAUSE_MICROSECONDS)
    return health
  end
  hits = hits + 1
  local message = math.random(messages)
  return math.random() < 0.8 and opens[message] or clicks[message]
end

function done(summary, latency)
  local total, longest = 0, 0
  for _, thread in ipairs(threads) do
    total = total + thread:get("hits")
    longest = math.max(longest, thread:get("hit_seconds"))
  end
  local e = summary.errors
  io.write(string.format(
    '\nRESULT {"hits": %d, "seconds": %.3f, "failed": %d, "p50_ms": %.2f, "p99_ms": %.2f}\n',
    total, longest, e.status + e.connect + e.read + e.write + e.timeout,
    latency:percentile(50) / 1000, latency:percentile(99) / 1000))
end
