-- Writes a tenant's settings. An older epoch, or an older version of the same epoch, changes nothing.
-- ARGV: tenant, deadline, epoch, version, status, weight, max concurrent, max queued, payload, result, error and total
--   payload bytes max, retention s
-- Returns: {status, outcome, notes}; outcome applied, older.
-- A tenant that is being deleted and is not there was purged: it does not come back.
-- One write, then notes: what a raised limit or a resumed tenant makes runnable must be told. A crash between: the sweep.
if late() then return { 'late' } end
local m = call('HMGET', meta, 'ep', 'ver', 'pools')
local epoch, version = tonumber(ARGV[3]), tonumber(ARGV[4])
if not m[1] and ARGV[5] ~= 'active' and ARGV[5] ~= 'suspended' then return { 'ok', 'older', {} } end
if m[1] and (num(m[1]) > epoch or (num(m[1]) == epoch and num(m[2]) > version)) then return { 'ok', 'older', {} } end
call('HSET', meta, 'ep', ARGV[3], 'ver', ARGV[4], 'st', ARGV[5], 'w', ARGV[6], 'mc', ARGV[7], 'mq', ARGV[8],
  'pb', ARGV[9], 'rb', ARGV[10], 'eb', ARGV[11], 'tb', ARGV[12], 'rt', ARGV[13])
return { 'ok', 'applied', notes(split(m[3]), {}, true) }
