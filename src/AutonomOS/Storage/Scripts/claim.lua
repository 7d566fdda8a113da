-- Leases jobs of one tenant from one pool's queue to one worker.
-- ARGV: tenant, deadline, pool, count, lease ms, only a tenant that runs nothing ('1'), worker, then a token
--   per job wanted
-- Returns: {status ('gone': there is no such tenant), notes, repaired, jobs}; job = {id, epoch, attempt, token, type, payload, failures, max attempts,
--   timeout ms, result bytes max, error bytes max}.
-- Order per job: semaphore, state, queue.
-- A crash after the semaphore: a lease on a pending job; the sweep gives the slot back.
-- A crash after the state: running and still queued; a claim that meets the entry drops it, the sweep does too, and the
--   lease lapses and is reaped, since nobody got it.
-- A queue entry with no state is moved to the repair set and counted, never dropped.
if late() then return { 'late' } end
local pool = ARGV[3]
local m = call('HMGET', meta, 'st', 'ep', 'mc', 'rb', 'eb', 'avg:' .. pool)
if not m[1] then return { 'gone', {}, 0, {} } end
local held = call('ZCARD', sem)
local want = math.min(tonumber(ARGV[4]), tonumber(m[3]) - held)
if m[1] ~= 'active' or (ARGV[6] == '1' and held > 0) then want = 0 end
local estimate = m[6] and num(m[6]) or 10000
local expiry = int(now + tonumber(ARGV[5]))
local taken = {}
local repaired = 0
local looked = 0
while #taken < want and looked < want + 256 do
  local ids = call('ZRANGE', queue(pool), 0, want - #taken - 1)
  if #ids == 0 then break end
  for _, id in ipairs(ids) do
    looked = looked + 1
    local v = call('HMGET', state(id), 'st', 'at', 'ty', 'pl', 'fl', 'ma', 'to', 'sq', 'ep')
    if not v[1] then
      call('ZADD', repair, int(now), id)
      call('ZREM', queue(pool), id)
      repaired = repaired + 1
    elseif v[1] ~= 'pending' then
      call('ZREM', queue(pool), id)
    else
      local attempt = int(num(v[2]) + 1)
      local token = ARGV[8 + #taken]
      local seq = num(v[8]) + 1
      call('ZADD', sem, expiry, id)
      call('HSET', state(id), 'st', 'running', 'at', attempt, 'tk', token, 'wk', ARGV[7], 'ss', int(now_us),
        'ch', int(estimate), 'pc', '0', 'rt', '0', 'sq', int(seq))
      call('ZREM', queue(pool), id)
      publish(v[9], id, seq, 'running', 0, nil, attempt)
      taken[#taken + 1] = { id, v[9], attempt, token, v[3], v[4], int(num(v[5])), v[6], v[7], m[4], m[5] }
    end
  end
end
local told = note(pool, #taken * estimate, true)
return { 'ok', told and { told } or {}, repaired, taken }
