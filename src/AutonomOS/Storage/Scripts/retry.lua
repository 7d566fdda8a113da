-- Makes a failed or cancelled job of a tenant pending again, past the same admission as a submission.
-- ARGV: tenant, deadline, id
-- Returns: {status, outcome, limit, count, notes}; outcome ok, missing, refused, quota, inactive.
-- A job that is being archived changes no more: what the records have then is its last word.
-- Order: queue, state, outbox. A crash after the queue: a claim drops the entry, for the state is final. A crash after
--   the state: the outbox entry is ignored until the state is final again.
if late() then return { 'late' } end
local id = ARGV[3]
local s = load(id)
if not s then return { 'ok', 'missing', '0', '0', {} } end
local m = call('HMGET', meta, 'st', 'ep', 'mc', 'mq', 'pools')
if m[1] ~= 'active' or m[2] ~= s.ep then return { 'ok', 'inactive', '0', '0', {} } end
if s.ar == '1' or (s.st ~= 'failed' and s.st ~= 'cancelled') then return { 'ok', 'refused', '0', '0', {} } end
local cap = tonumber(m[3]) + tonumber(m[4])
local count = active(split(m[5]))
if count >= cap then return { 'ok', 'quota', int(cap), int(count), {} } end
call('ZADD', queue(s.po), s.sc, id)
call('HSET', state(id), 'st', 'pending', 'fl', '0', 'lo', '0', 'cx', '0', 'tk', '', 'rt', '0', 'pc', '0', 'pm', '', 'er', '', 'fi', '0', 'sq', int(num(s.sq) + 1))
call('ZREM', settled, id)
call('HINCRBY', meta, 'bytes', int(num(s.sz)))
publish(s.ep, id, num(s.sq) + 1, 'pending', 0, nil, s.at)
local told = note(s.po, 0)
return { 'ok', 'ok', '0', '0', told and { told } or {} }
