-- Takes or keeps the reconciler's leadership.
-- KEYS: job:leader. ARGV: token, time to live ms
-- Returns: 1 when the caller leads
-- One write: no prefix.
local holder = redis.call('GET', KEYS[1])
if holder and holder ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1
