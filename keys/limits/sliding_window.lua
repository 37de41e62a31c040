-- Hit every rate limit, or none if one refuses: the same as `_available` and `_status` in backends.py.
-- KEYS: the log of each limit, a sorted set of "holder:nonce" by time; last the key of a workspace's number, if ARGV has one.
-- ARGV: nonce, hits (0 or 1), the workspace's number or '', then for each limit: limit, reserve, holder,
-- reserve_for_newcomers.
-- Return false if Redis has another number; then nothing was hit. Otherwise return for each limit "remaining
-- milliseconds-until-reset refused" in one line, which parses faster than lists.
-- `refused` is 0, 1 if the limit is reached, or 2 if its rest is reserved for holders below their share.
local takes, number, windows = tonumber(ARGV[2]), ARGV[3], #KEYS
if number ~= '' then
  if redis.pcall('GET', KEYS[windows]) ~= number then return false end -- also if it is missing or of another type
  windows = windows - 1
end

local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local period = 60000
local looked_at, refused = {}, false

local function forget_old(log)
  redis.call('ZREMRANGEBYSCORE', log, '-inf', now - period)
  redis.call('ZREMRANGEBYSCORE', log, '(' .. now + 1000, '+inf') -- the clock went back
end

for i = 1, windows do
  local log = KEYS[i]
  local limit, reserve, holder, room = unpack(ARGV, 4 * i, 4 * i + 3)
  limit, reserve, room = tonumber(limit), tonumber(reserve), tonumber(room)
  -- A shared limit has two more sets: the hits of this holder, and each holder by the time of its last hit. So the share is
  -- computed without reading the log, which takes 0.4 ms for 1,000 entries.
  local own, holders = log .. ':of:' .. holder, log .. ':holders'
  forget_old(log)
  local taken, common = redis.call('ZCARD', log), limit - reserve
  local left = common - taken
  if reserve > 0 then
    forget_old(own)
    forget_old(holders)
    local shares = redis.call('ZCARD', holders) + room + (redis.call('ZSCORE', holders, holder) and 0 or 1)
    left = math.max(left, math.min(math.ceil(limit / shares) - redis.call('ZCARD', own), limit - taken))
  end
  local refuses = left > 0 and 0 or taken >= limit and 1 or 2
  local over = taken - (refuses == 2 and common or limit)
  looked_at[i] = {
    left = left, holder = holder, own = own, holders = holders, is_shared = reserve > 0, refuses = refuses, over = over,
  }
  refused = refused or refuses > 0
end

if refused then takes = 0 end
local answers = {}
for i = 1, windows do
  local log, window = KEYS[i], looked_at[i]
  local place = math.max(window.over, 0)
  local first = redis.call('ZRANGE', log, place, place, 'WITHSCORES')[2] or now
  if takes == 1 then
    redis.call('ZADD', log, now, window.holder .. ':' .. ARGV[1])
    redis.call('PEXPIRE', log, period + 1000)
    if window.is_shared then
      redis.call('ZADD', window.own, now, ARGV[1])
      redis.call('PEXPIRE', window.own, period + 1000)
      redis.call('ZADD', window.holders, now, window.holder)
      redis.call('PEXPIRE', window.holders, period + 1000)
    end
  end
  local remaining = math.max(window.left - takes, 0)
  answers[i] = string.format('%d %d %d', remaining, tonumber(first) + period - now, window.refuses)
end
return table.concat(answers, ' ')
