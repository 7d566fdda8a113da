-- Reads a tenant's settings and what it holds, at one instant.
-- ARGV: tenant, 0
-- Returns: {} or {settings, running, queued, delayed, bytes, served us, finished}
local m = call('HMGET', meta, 'ep', 'ver', 'st', 'w', 'mc', 'mq', 'pb', 'rb', 'eb', 'tb', 'rt', 'pools', 'bytes')
if not m[1] then return {} end
local queued, served = 0, 0
local pools = split(m[12])
for _, pool in ipairs(pools) do
  queued = queued + call('ZCARD', queue(pool))
  served = served + num(call('HGET', meta, 'served:' .. pool))
end
local settings = {}
for i = 1, 11 do settings[i] = m[i] end
return { settings, call('ZCARD', sem), queued, call('ZCARD', delayed), int(num(m[13])), int(served), call('ZCARD', settled) }
