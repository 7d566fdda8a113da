-- Admits and stores jobs of one tenant, each on its own, in order.
-- ARGV: tenant, deadline, epoch, idempotency ttl ms, n, pools max, then 10 per job: id, type, pool, priority, delay ms,
--   max attempts, timeout ms, idempotency key ('' for none), digest, payload
-- Returns: {status, earliest due ms, notes, results}; result = {code, id, limit, count}.
-- Order per job: index of keys, idempotency key, jobs index, queue or delayed set, state. The state commits.
-- A crash after the index of keys: the entry lapses with the key that never was.
-- A crash after the idempotency key: the replay finishes the submission under the key's id. A key whose job has left the
--   store since is marked so (see leave) and is answered with that job.
-- A crash after the jobs index or the queue: no state, so never accepted; the reconciler removes both, and a claim that
--   meets the queue entry first moves it to the repair set.
-- A crash after the state: accepted; the sweep finds the tenant runnable and not indexed.
if late() then return { 'late' } end
local m = call('HMGET', meta, 'st', 'ep', 'mc', 'mq', 'pb', 'tb', 'bytes', 'pools', 'rt')
local refuse = nil
if not m[1] or m[2] ~= ARGV[3] then refuse = 'gone'
elseif m[1] == 'suspended' then refuse = 'suspended'
elseif m[1] ~= 'active' then refuse = 'gone' end
local n = tonumber(ARGV[5])
local results = {}
if refuse then
  for i = 1, n do results[i] = { refuse, ARGV[7 + (i - 1) * 10], '0', '0' } end
  return { 'ok', '0', {}, results }
end

local pools = split(m[8])
local known = {}
for _, p in ipairs(pools) do known[p] = true end
local cap = tonumber(m[3]) + tonumber(m[4])
local count = active(pools)
local bytes = num(m[7])
-- A crash may leave the byte count behind the truth; a tenant at rest holds none.
if count == 0 and bytes ~= 0 then call('HSET', meta, 'bytes', '0') bytes = 0 end
local added = 0
local earliest = 0
local touched = {}

local function place(i)
  local a = 7 + (i - 1) * 10
  local id, kind, pool, priority, delay = ARGV[a], ARGV[a + 1], ARGV[a + 2], tonumber(ARGV[a + 3]), tonumber(ARGV[a + 4])
  local key, digest, payload = ARGV[a + 7], ARGV[a + 8], ARGV[a + 9]
  local resumed = false
  if key ~= '' then
    local held = call('GET', idempotency(key))
    if held then
      local first, seen, mark = string.match(held, '^(%x+) (%x+)( ?%a*)$')
      if seen ~= digest then return { 'conflict', first, '0', '0' } end
      if mark == ' done' or call('EXISTS', state(first)) == 1 then return { 'replayed', first, '0', '0' } end
      id = first
      resumed = true
    end
  end
  local size = #payload
  if size > tonumber(m[5]) then return { 'large', id, m[5], int(size) } end
  if count >= cap then return { 'quota', id, int(cap), int(count) } end
  if bytes + size > tonumber(m[6]) then return { 'bytes', id, m[6], int(bytes) } end
  if not known[pool] then
    if #pools >= tonumber(ARGV[6]) then return { 'pools', id, ARGV[6], int(#pools) } end
    pools[#pools + 1] = pool
    known[pool] = true
    call('HSET', meta, 'pools', table.concat(pools, ','))
  end
  if key ~= '' and not resumed then
    local ttl = math.min(tonumber(ARGV[4]), tonumber(m[9]) * 1000)
    call('ZADD', keyed, int(now + ttl), key)
    call('SET', idempotency(key), id .. ' ' .. digest, 'PX', int(ttl))
  end
  local seq = call('HINCRBY', meta, 'seq', 1)
  local score = int((9 - priority) * 281474976710656 + seq)
  call('ZADD', jobs, int(seq), id)
  local due = 0
  if delay > 0 then
    due = now + delay
    call('ZADD', delayed, int(due), id)
    if earliest == 0 or due < earliest then earliest = due end
  else
    call('ZADD', queue(pool), score, id)
    touched[pool] = true
  end
  local set = { 'HSET', state(id), 'st', 'pending', 'ep', m[2], 'ty', kind, 'po', pool, 'pr', int(priority), 'sc', score,
    'pl', payload, 'sz', int(size), 'ma', ARGV[a + 5], 'to', ARGV[a + 6], 'cr', int(now), 'sq', '1' }
  if key ~= '' then set[#set + 1] = 'ik' set[#set + 1] = key end
  if due > 0 then set[#set + 1] = 'du' set[#set + 1] = int(due) end
  call(unpack(set))
  count = count + 1
  bytes = bytes + size
  added = added + size
  return { 'ok', id, '0', '0' }
end

for i = 1, n do results[i] = place(i) end
if added > 0 then call('HINCRBY', meta, 'bytes', int(added)) end
local list = {}
for pool in pairs(touched) do
  local told = note(pool, 0)
  if told then list[#list + 1] = told end
end
return { 'ok', int(earliest), list, results }
