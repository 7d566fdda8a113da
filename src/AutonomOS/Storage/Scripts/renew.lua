-- Keeps leases of one tenant's attempts.
-- ARGV: tenant, deadline, lease ms, n, then 5 per lease: id, epoch, attempt, token, not after (ms of this clock)
-- Returns: {status, notes, results}; result 0 lost, 1 kept, 2 kept and cancellation wanted.
-- Writes the semaphore only where the member is present, so that no reaped lease comes back; then what was charged.
-- A crash after the semaphore: the lease is kept, the charge follows at the next renewal or at settle.
if late() then return { 'late' } end
local charges = {}
local results = {}
local n = tonumber(ARGV[4])
for i = 1, n do
  local a = 5 + (i - 1) * 5
  local id = ARGV[a]
  local s = load(id)
  local result = 0
  if fenced(s, ARGV[a + 1], ARGV[a + 2], ARGV[a + 3]) and s.st == 'running' and call('ZSCORE', sem, id) then
    local expiry = math.min(now + tonumber(ARGV[3]), tonumber(ARGV[a + 4]))
    call('ZADD', sem, 'XX', 'GT', int(expiry), id)
    local elapsed = now_us - num(s.ss)
    if elapsed > num(s.ch) then
      charges[s.po] = (charges[s.po] or 0) + elapsed - num(s.ch)
      call('HSET', state(id), 'ch', int(elapsed))
    end
    result = s.cx == '1' and 2 or 1
  end
  results[i] = result
end
local list = {}
for pool, charge in pairs(charges) do
  local told = note(pool, charge)
  if told then list[#list + 1] = told end
end
return { 'ok', list, results }
