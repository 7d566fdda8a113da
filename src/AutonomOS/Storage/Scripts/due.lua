-- Hands out the tenants of a schedule that are due, and puts each off before it is visited: by then whoever took it has
-- moved it again, or died.
-- KEYS: job:tenants, job:archive or job:deletions. ARGV: interval ms, at most
-- Returns: {next visit ms of the rest ('' none), tenants}
-- A crash after any line: some are put off and not visited, for one interval. Put off first, visited then: a tenant whose due time is brought forward meanwhile keeps the earlier time.
local call = redis.call
local clock = call('TIME')
local now = tonumber(clock[1]) * 1000 + math.floor(tonumber(clock[2]) / 1000)
local due = call('ZRANGEBYSCORE', KEYS[1], '-inf', string.format('%.0f', now), 'LIMIT', 0, tonumber(ARGV[2]))
for _, tenant in ipairs(due) do
  call('ZADD', KEYS[1], string.format('%.0f', now + tonumber(ARGV[1])), tenant)
end
local head = call('ZRANGE', KEYS[1], 0, 0, 'WITHSCORES')
return { head[2] or '', due }
