-- Removes a slice of the keys of a tenant that is being deleted and has nothing unfinished left.
-- ARGV: tenant, deadline, epoch, entries at most, last ('1': the tenant itself, where nothing else is left)
-- Returns: {status, left, pools}; status ok, gone (there is no such tenant any more), other (another life, or not being
--   deleted); left = entries still there.
-- Order: leftovers of the jobs index, idempotency key before its entry in the index of keys, queues, delayed
--   set, repair set, and the tenant last: until then every script refuses what comes late, and from then on none finds a
--   tenant. A crash after any line: the next slice goes on.
-- No state is removed here: that is archived.lua's. An unfinished job that was in no structure is cancelled and goes to
-- the outbox, and so does a finished one that is missing there.
if late() then return { 'late' } end
local m = call('HMGET', meta, 'ep', 'st', 'pools')
if not m[1] then return { 'gone', 0, {} } end
if m[1] ~= ARGV[3] or m[2] ~= 'deleting' then return { 'other', 0, {} } end
local pools = split(m[3])
local most = tonumber(ARGV[4])
for _, id in ipairs(call('ZRANGE', jobs, 0, most - 1)) do
  local s = load(id)
  if not s then
    call('ZREM', jobs, id)
    call('ZREM', settled, id)
  elseif final(s) then
    if not call('ZSCORE', settled, id) then call('ZADD', settled, int(now), id) end
  elseif s.st == 'pending' or not call('ZSCORE', sem, id) then
    finish(id, s, 'cancelled', { 'tk', '', 'cx', '1' })
  end
end
for _, key in ipairs(call('ZRANGE', keyed, 0, most - 1)) do
  call('DEL', idempotency(key))
  call('ZREM', keyed, key)
end
local left = call('ZCARD', jobs) + call('ZCARD', keyed) + call('ZCARD', settled) + call('ZCARD', sem)
local function clear(key)
  for _, member in ipairs(call('ZRANGE', key, 0, most - 1)) do call('ZREM', key, member) end
  left = left + call('ZCARD', key)
end
for _, pool in ipairs(pools) do clear(queue(pool)) end
clear(delayed)
clear(repair)
if ARGV[5] == '1' and left == 0 then call('DEL', meta) end
return { 'ok', left, pools }
