-- Says how the deletion of a tenant ends what runs, before the records say that it is being deleted.
-- ARGV: tenant, deadline, epoch, mode (cancel or drain)
-- Returns: {status ('gone': there is no such life of the tenant)}
-- One write: no prefix.
if late() then return { 'late' } end
local m = call('HMGET', meta, 'ep', 'st', 'dm')
if m[1] ~= ARGV[3] then return { 'gone' } end
if m[2] ~= 'deleting' or m[3] ~= ARGV[4] then call('HSET', meta, 'dm', ARGV[4], 'dt', int(now)) end
return { 'ok' }
