-- Shared head of every tenant script. KEYS[1] is the tenant's semaphore: the guard that all of them declare, so that
-- stores which lock declared keys only (Garnet) still run a tenant's scripts one at a time. ARGV[1] is the tenant,
-- ARGV[2] the caller's deadline in unix ms of this store's clock (0 for reads).
--
-- Dialect: Lua 5.1 (Redis) and 5.4 (Garnet). Numbers that leave the script go through int(): "10/2" is "5.0" on one
-- and 1e15 loses digits on the other. A missing value is false on both. Nothing is told by error text.
--
-- Meta fields: ep epoch, ver version, st status, w weight, mc max_concurrent, mq max_queued, pb/rb/eb byte limits of
-- payload, result, error, tb total payload bytes, rt retention s, pools names joined by ",", seq sequence, bytes
-- unfinished payload bytes, dm how its deletion ends what runs (cancel or drain), dt since when (ms); and per pool P: served:P slot time charged (us), avg:P average slot time (us), long:P the longest attempt (us), at:P stamp
-- of the last note, run:P what that note said ("1" runnable).
-- State fields: st, ep, ty type, po pool, pr priority, sc queue score, pl payload, sz payload bytes, ma max attempts,
-- to timeout ms, ik idempotency key, cr created ms, du due ms, at attempts, tk token, wk worker, ss started us,
-- ch slot time charged for the attempt (us), fl failures, lo leases lost, rt "1" while the failed attempt of this
-- token waits to be retried, cx cancel requested, pc progress percent, pm progress message, er error, re result,
-- fi finished ms, sq event sequence, ar "1" once it is being archived: from then on it changes no more.
local call = redis.call
local T = ARGV[1]
local meta = 'job:meta:tenant:{' .. T .. '}'
local sem = KEYS[1]
local delayed = 'job:delayed:tenant:{' .. T .. '}'
local jobs = 'job:jobs:tenant:{' .. T .. '}'
local settled = 'job:settled:tenant:{' .. T .. '}'
local repair = 'job:repair:tenant:{' .. T .. '}'
local keyed = 'job:keys:tenant:{' .. T .. '}'
local function state(id) return 'job:state:tenant:{' .. T .. '}:job:' .. id end
local function queue(pool) return 'job:queue:tenant:{' .. T .. '}:pool:' .. pool end
local function idempotency(key) return 'job:idempotency:tenant:{' .. T .. '}:' .. key end
-- A negated zero would be "-0", which is no integer to the store; adding zero makes it plain.
local function int(x) return string.format('%.0f', x + 0) end
local function num(x) return x and tonumber(x) or 0 end

local clock = call('TIME')
local now_us = tonumber(clock[1]) * 1000000 + tonumber(clock[2])
local now = math.floor(now_us / 1000)
local function late() local d = tonumber(ARGV[2]) return d > 0 and now > d end

local function split(names)
  local list = {}
  for name in string.gmatch(names or '', '[^,]+') do list[#list + 1] = name end
  return list
end

-- What counts towards admission: cardinalities, never a counter. A half-written transition may be counted twice for a
-- moment and never zero times, so a crash can refuse one submission too many but not admit one.
local function active(pools)
  local n = call('ZCARD', sem) + call('ZCARD', delayed)
  for _, pool in ipairs(pools) do n = n + call('ZCARD', queue(pool)) end
  return n
end

-- An event for whoever listens (at most once; readers merge with a snapshot by sequence).
local function publish(epoch, id, seq, st, percent, message, attempt)
  call('PUBLISH', 'job:progress:tenant:{' .. T .. '}:epoch:' .. int(num(epoch)),
    id .. ' ' .. int(seq) .. ' ' .. st .. ' ' .. int(num(percent)) .. ' ' .. int(num(attempt)) .. ' ' .. (message or ''))
end

-- A note tells a pool's index the absolute facts about this tenant, stamped; the index keeps the newest stamp, so a
-- note that is lost, repeated or overtaken heals with the next one. The stamp is the clock, or one above the last.
-- charge: slot time to add (us, may be negative). force: a note even where nothing changed.
local function note(pool, charge, force, above)
  local m = call('HMGET', meta, 'st', 'w', 'mc', 'served:' .. pool, 'avg:' .. pool, 'at:' .. pool, 'run:' .. pool)
  if not m[1] then return nil end
  local queued = call('ZCARD', queue(pool))
  local held = call('ZCARD', sem)
  local room = math.min(queued, tonumber(m[3]) - held)
  local runnable = (m[1] == 'active' and room > 0) and '1' or '0'
  if charge == 0 and not force and runnable == (m[7] or '0') then return nil end
  local at = math.max(now_us, num(m[6]) + 1, (above or 0) + 1)
  local served = num(m[4]) + charge
  call('HSET', meta, 'served:' .. pool, int(served), 'at:' .. pool, int(at), 'run:' .. pool, runnable)
  return { pool, int(at), runnable, int(served), m[2], int(m[5] and num(m[5]) or 10000), int(math.max(room, 0)), int(held) }
end

-- Notes for all pools of the tenant: a freed slot makes work in any of them runnable.
local function notes(pools, charges, force)
  local list = {}
  for _, pool in ipairs(pools) do
    local n = note(pool, charges[pool] or 0, force)
    if n then list[#list + 1] = n end
  end
  return list
end

-- Moving average of slot time, an eighth of the way at each attempt, and the longest attempt: the L of the fairness bound.
local function learn(pool, elapsed)
  local m = call('HMGET', meta, 'avg:' .. pool, 'long:' .. pool)
  local new = m[1] and math.floor(num(m[1]) + (elapsed - num(m[1])) / 8) or elapsed
  call('HSET', meta, 'avg:' .. pool, int(math.max(new, 1)), 'long:' .. pool, int(math.max(num(m[2]), elapsed)))
end

-- Final state of a job: outbox, state, then whatever holds it (slot, queue or delayed set), so that a crash in between
-- leaves something that a repairer walks. fields: further state fields.
local function finish(id, s, outcome, fields)
  call('ZADD', settled, int(now), id)
  local seq = num(s.sq) + 1
  local set = { 'HSET', state(id), 'st', outcome, 'fi', int(now), 'sq', int(seq), 'rt', '0' }
  for _, f in ipairs(fields) do set[#set + 1] = f end
  call(unpack(set))
  if s.st == 'running' then
    call('ZREM', sem, id)
  else
    call('ZREM', queue(s.po), id)
    call('ZREM', delayed, id)
  end
  call('HINCRBY', meta, 'bytes', int(-num(s.sz)))
  publish(s.ep, id, seq, outcome, outcome == 'completed' and 100 or s.pc, nil, s.at)
end

-- Back to the queue at the original position: queue, state, slot.
local function requeue(id, s, fields)
  call('ZADD', queue(s.po), s.sc, id)
  local seq = num(s.sq) + 1
  local set = { 'HSET', state(id), 'st', 'pending', 'tk', '', 'wk', '', 'pc', '0', 'rt', '0', 'sq', int(seq) }
  for _, f in ipairs(fields) do set[#set + 1] = f end
  call(unpack(set))
  call('ZREM', sem, id)
  publish(s.ep, id, seq, 'pending', 0, nil, s.at)
end

local STATE = { 'st', 'ep', 'po', 'sc', 'sz', 'ma', 'to', 'at', 'tk', 'wk', 'ss', 'ch', 'fl', 'lo', 'rt', 'cx', 'pc', 'sq', 'ik', 'du', 'ar' }
local function load(id)
  local v = call('HMGET', state(id), unpack(STATE))
  if not v[1] then return nil end
  local s = {}
  for i, name in ipairs(STATE) do s[name] = v[i] end
  return s
end

-- A finished job leaves the store: idempotency key, state, jobs index; the caller takes it out of the outbox last.
-- past: its retention is over and its key goes too. Otherwise the key is marked first: to a replay, a key without a
-- state is a submission that was cut short, and it would run a finished job again.
local function leave(id, s, past)
  local held = s.ik and call('GET', idempotency(s.ik))
  local ours = held and string.sub(held, 1, #id) == id
  if past and s.ik and (ours or not held) then
    call('DEL', idempotency(s.ik))
    call('ZREM', keyed, s.ik)
  elseif ours then
    local left = call('PTTL', idempotency(s.ik))
    if left > 0 then call('SET', idempotency(s.ik), string.match(held, '^%x+ %x+') .. ' done', 'PX', int(left)) end
  end
  call('DEL', state(id))
  call('ZREM', jobs, id)
end

local function final(s) return s.st == 'completed' or s.st == 'failed' or s.st == 'cancelled' end

-- The fence: epoch, attempt and token, compared for equality. The epoch of the tenant's present life must agree too.
local function fenced(s, epoch, attempt, token)
  return s and s.ep == epoch and s.at == attempt and s.tk == token and token ~= '' and call('HGET', meta, 'ep') == epoch
end

-- What remains to be charged for an attempt that ends now: exact minus what was charged (may be negative).
local function trueup(s, charges)
  local elapsed = math.max(now_us - num(s.ss), 1)
  charges[s.po] = (charges[s.po] or 0) + elapsed - num(s.ch)
  learn(s.po, elapsed)
end
