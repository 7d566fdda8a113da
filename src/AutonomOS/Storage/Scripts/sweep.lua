-- The reconciler's visit to one tenant: reaps lapsed leases, fails what outran its timeout, promotes what is due, drops
-- finished jobs past their retention or beyond what the outbox may hold, mends what an interrupted script left, and says what should be in the index.
-- ARGV: tenant, deadline, reap ('1' unless a grace is on), leases lost max, entries at most, audit from sequence,
--   audited at most, outbox max, live ms, live max
-- Returns: {status, next visit ms (0 none), notes, standing, counts, next audit sequence (0 at the end), archivable};
--   standing = notes as last told, for pools that are runnable; counts = reaped, poisoned, timed out, promoted, expired,
--   then repairs: slots given back, leftovers dropped, entries without a job, jobs in no structure, marks not told; and
--   last, jobs dropped unarchived because the outbox was full. archivable '1': the archiver has work here.
-- Status 'gone': there is no such tenant.
-- Order of each part as in the script it finishes; so any prefix of this script is mended by the next visit.
if late() then return { 'late' } end
local m = call('HMGET', meta, 'st', 'ep', 'mc', 'rt', 'pools', 'seq')
if not m[1] then return { 'gone', '0', {}, {}, { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 }, '0', '0' } end
local pools = split(m[5])
local charges = {}
local most = tonumber(ARGV[5])
local reaped, poisoned, timedout, promoted, expired = 0, 0, 0, 0, 0
local slots, leftovers, strays, lost, untold = 0, 0, 0, 0, 0
local overflowed = 0
local nextvisit = 0
local function visit(at) if nextvisit == 0 or at < nextvisit then nextvisit = at end end

-- Leases, earliest expiry first.
local leases = call('ZRANGE', sem, 0, most - 1, 'WITHSCORES')
for i = 1, #leases, 2 do
  local id, expiry = leases[i], tonumber(leases[i + 1])
  local s = load(id)
  if not s then
    call('ZADD', repair, int(now), id)
    call('ZREM', sem, id)
    strays = strays + 1
  elseif s.st == 'running' then
    if call('ZREM', queue(s.po), id) == 1 then leftovers = leftovers + 1 end
    local overdue = num(s.ss) / 1000 + num(s.to)
    if overdue <= now then
      trueup(s, charges)
      finish(id, s, s.cx == '1' and 'cancelled' or 'failed', { 'tk', '', 'er', 'The attempt ran longer than its timeout of ' .. int(num(s.to)) .. ' ms.' })
      timedout = timedout + 1
    elseif expiry <= now and ARGV[3] == '1' then
      trueup(s, charges)
      local n = num(s.lo) + 1
      if s.cx == '1' then
        finish(id, s, 'cancelled', { 'tk', '', 'lo', int(n) })
      elseif n >= tonumber(ARGV[4]) then
        finish(id, s, 'failed', { 'tk', '', 'lo', int(n), 'er', 'The lease was lost ' .. int(n) .. ' times: every worker that ran this job went away.' })
        poisoned = poisoned + 1
      else
        requeue(id, s, { 'lo', int(n) })
      end
      reaped = reaped + 1
    else
      visit(math.max(math.min(expiry, overdue), now))
    end
  else
    -- Pending or final and still holding a slot: a claim, settle or requeue was cut short.
    if s.st == 'pending' and not call('ZSCORE', queue(s.po), id) and not call('ZSCORE', delayed, id) then
      call('ZADD', queue(s.po), s.sc, id)
    end
    call('ZREM', sem, id)
    slots = slots + 1
  end
end
if #leases == most * 2 and tonumber(leases[#leases]) <= now then visit(now) end

-- What is due.
local due = call('ZRANGEBYSCORE', delayed, '-inf', int(now), 'LIMIT', 0, most)
for _, id in ipairs(due) do
  local s = load(id)
  if s and s.st == 'pending' then
    call('ZADD', queue(s.po), s.sc, id)
    call('HSET', state(id), 'du', '0', 'rt', '0')
    call('ZREM', delayed, id)
    promoted = promoted + 1
  else
    if s then leftovers = leftovers + 1 else
      call('ZADD', repair, int(now), id)
      strays = strays + 1
    end
    call('ZREM', delayed, id)
  end
end
local head = call('ZRANGE', delayed, 0, 0, 'WITHSCORES')
if head[2] then visit(tonumber(head[2])) end

-- Finished jobs past their retention, and the oldest ones beyond what the outbox may hold while the records are away:
-- idempotency key, state, jobs index, outbox.
local keep = tonumber(m[4]) * 1000
local function drop(id, past)
  local s = load(id)
  local gone = 0
  if not s or final(s) then
    leave(id, s or {}, past)
    gone = 1
  end
  call('ZREM', settled, id)
  return gone
end
local old = call('ZRANGEBYSCORE', settled, '-inf', int(now - keep), 'LIMIT', 0, most)
for _, id in ipairs(old) do expired = expired + drop(id, true) end
local over = math.min(call('ZCARD', settled) - tonumber(ARGV[8]), most)
if over > 0 then
  for _, id in ipairs(call('ZRANGE', settled, 0, over - 1)) do overflowed = overflowed + drop(id, false) end
end
head = call('ZRANGE', settled, 0, 0, 'WITHSCORES')
local archivable = '0'
if head[2] then
  visit(tonumber(head[2]) + keep)
  local age = call('ZCARD', settled) > tonumber(ARGV[10]) and 1000 or tonumber(ARGV[9])
  if tonumber(head[2]) <= now - age then archivable = '1' end
end

-- Entries of idempotency keys that have lapsed.
for _, key in ipairs(call('ZRANGEBYSCORE', keyed, '-inf', int(now - 1000), 'LIMIT', 0, most)) do
  if call('EXISTS', idempotency(key)) == 0 then call('ZREM', keyed, key) end
end

-- A slice of the jobs index: a job without a state was never accepted; a pending or running one must be somewhere.
local from = ARGV[6]
local slice = call('ZRANGEBYSCORE', jobs, '(' .. from, '+inf', 'WITHSCORES', 'LIMIT', 0, tonumber(ARGV[7]))
local nextaudit = '0'
for i = 1, #slice, 2 do
  local id = slice[i]
  nextaudit = int(tonumber(slice[i + 1]))
  local s = load(id)
  if not s then
    for _, pool in ipairs(pools) do call('ZREM', queue(pool), id) end
    call('ZREM', delayed, id)
    call('ZREM', jobs, id)
    strays = strays + 1
  elseif s.st == 'pending' or s.st == 'running' then
    local queued = call('ZSCORE', queue(s.po), id)
    local waits = call('ZSCORE', delayed, id)
    local holds = call('ZSCORE', sem, id)
    if s.st == 'running' and not holds then
      requeue(id, s, {})
      lost = lost + 1
    elseif s.st == 'pending' and not queued and not waits then
      call('ZADD', queue(s.po), s.sc, id)
      lost = lost + 1
    end
  else
    if call('ZREM', queue(s.po), id) == 1 then leftovers = leftovers + 1 end
    if call('ZREM', delayed, id) == 1 then leftovers = leftovers + 1 end
    if not call('ZSCORE', settled, id) then
      call('ZADD', settled, int(math.max(num(call('HGET', state(id), 'fi')), 1)), id)
      lost = lost + 1
    end
  end
end
if #slice < tonumber(ARGV[7]) * 2 then nextaudit = '0' end

-- Notes for what this visit changed, and what was already told and should be in the index.
local changed = reaped + timedout + promoted + slots + lost + strays + leftovers
local told = notes(pools, charges)
if changed == 0 then untold = #told end
local standing = {}
local held = call('ZCARD', sem)
for _, pool in ipairs(pools) do
  local f = call('HMGET', meta, 'run:' .. pool, 'at:' .. pool, 'served:' .. pool, 'w', 'avg:' .. pool)
  if f[1] == '1' then
    local room = math.min(call('ZCARD', queue(pool)), tonumber(m[3]) - held)
    standing[#standing + 1] = { pool, f[2], '1', f[3], f[4], int(f[5] and num(f[5]) or 10000), int(math.max(room, 0)), int(held) }
  end
end
return { 'ok', int(nextvisit), told, standing, { reaped, poisoned, timedout, promoted, expired, slots, leftovers, strays, lost, untold, overflowed }, nextaudit, archivable }
