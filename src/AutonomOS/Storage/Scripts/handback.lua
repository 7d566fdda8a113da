-- Gives attempts of one tenant back, at no cost to the job.
-- ARGV: tenant, deadline, n, then 4 per attempt: id, epoch, attempt, token
-- Returns: {status, notes, results}; result 1 done, 0 stale.
-- Order: queue (original score), state, semaphore. A crash after the queue: still running, the entry is dropped by a
--   claim or the sweep and the lease lapses. A crash after the state: the slot is given back by the sweep.
-- A job whose tenant asked for its cancellation is cancelled instead: it no longer runs anywhere.
if late() then return { 'late' } end
local pools = split(call('HGET', meta, 'pools'))
local charges = {}
local results = {}
local n = tonumber(ARGV[3])
for i = 1, n do
  local a = 4 + (i - 1) * 4
  local id = ARGV[a]
  local s = load(id)
  local done = 0
  if fenced(s, ARGV[a + 1], ARGV[a + 2], ARGV[a + 3]) and s.st == 'running' then
    done = 1
    local elapsed = math.max(now_us - num(s.ss), 0)
    charges[s.po] = (charges[s.po] or 0) + elapsed - num(s.ch)
    if s.cx == '1' then finish(id, s, 'cancelled', { 'tk', '' }) else requeue(id, s, {}) end
  end
  results[i] = done
end
return { 'ok', notes(pools, charges), results }
