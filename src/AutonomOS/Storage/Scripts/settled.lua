-- Hands the archiver finished jobs, oldest first, and marks them: from then on they change no more.
-- ARGV: tenant, deadline, live ms, live max, jobs at most, bytes at most, all ('1': however young)
-- Returns: {status ('gone': there is no such tenant), epoch, ids, jobs}; ids = entries whose job has left the store but
--   for this; job = {id, fields as in get.lua, idempotency key ('' none)}.
-- Taken are those that finished longer ago than live ms, and of the others the oldest beyond live max, a second after
-- their end: by then a worker that repeats its settle has had its answer.
-- A crash after any line: marked, and in the outbox until they are archived. An entry whose job is not final was left by
--   a script cut short; the job comes back to the outbox when it ends.
if late() then return { 'late' } end
local m = call('HMGET', meta, 'st', 'ep')
if not m[1] then return { 'gone', '0', {}, {} } end
local most, bytes = tonumber(ARGV[5]), tonumber(ARGV[6])
local ids
if ARGV[7] == '1' then
  ids = call('ZRANGE', settled, 0, most - 1)
else
  ids = call('ZRANGEBYSCORE', settled, '-inf', int(now - tonumber(ARGV[3])), 'LIMIT', 0, most)
  local over = math.min(call('ZCARD', settled) - tonumber(ARGV[4]), most)
  if #ids < over then ids = call('ZRANGEBYSCORE', settled, '-inf', int(now - 1000), 'LIMIT', 0, over) end
end
local gone, list = {}, {}
for _, id in ipairs(ids) do
  local f = call('HMGET', state(id), 'ty', 'po', 'st', 'ep', 'pr', 'pl', 're', 'er', 'pc', 'pm', 'sq', 'at', 'fl', 'lo',
    'ma', 'cr', 'du', 'ss', 'fi', 'cx', 'rt', 'sc', 'ik')
  if not f[3] then
    gone[#gone + 1] = id
  elseif f[3] == 'pending' or f[3] == 'running' then
    call('ZREM', settled, id)
  else
    for j = 1, 23 do if not f[j] then f[j] = '' end end
    bytes = bytes - #f[6] - #f[7] - #f[8]
    if bytes < 0 and #list > 0 then break end
    call('HSET', state(id), 'ar', '1')
    list[#list + 1] = { id, f, f[23] }
  end
end
return { 'ok', m[2], gone, list }
