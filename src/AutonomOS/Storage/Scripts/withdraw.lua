-- Ends a slice of the unfinished jobs of a tenant that is being deleted.
-- ARGV: tenant, deadline, epoch, jobs at most, from rank among the slots, grace ms
-- Returns: {status, notes, pending left, running left, next rank (0 at the end)}; status ok, gone (there is no such
--   tenant), other (another life, or not being deleted).
-- Pending jobs are cancelled. Running ones are told to stop, unless the deletion drains; those that are still there a
-- grace after that are cancelled without their workers, whose fence then holds no more.
-- Order per job as in cancel and settle, so any prefix is mended by the sweep or by the next slice.
if late() then return { 'late' } end
local m = call('HMGET', meta, 'ep', 'st', 'pools', 'dm', 'dt')
if not m[1] then return { 'gone', {}, 0, 0, 0 } end
if m[1] ~= ARGV[3] or m[2] ~= 'deleting' then return { 'other', {}, 0, 0, 0 } end
local pools = split(m[3])
local most = tonumber(ARGV[4])
if not m[5] then
  call('HSET', meta, 'dm', 'cancel', 'dt', int(now))
  m[4], m[5] = 'cancel', now
end
local charges = {}
local looked = 0
local function withdraw(key)
  if looked >= most then return end
  for _, id in ipairs(call('ZRANGE', key, 0, most - looked - 1)) do
    looked = looked + 1
    local s = load(id)
    if s and s.st == 'pending' then finish(id, s, 'cancelled', { 'cx', '1' }) end
    call('ZREM', key, id)
  end
end
for _, pool in ipairs(pools) do withdraw(queue(pool)) end
withdraw(delayed)

local from, nextrank = tonumber(ARGV[5]), 0
local last = m[4] == 'cancel' and now - tonumber(m[5]) >= tonumber(ARGV[6])
if looked < most then
  local held = call('ZRANGE', sem, last and 0 or from, (last and 0 or from) + most - looked - 1)
  if #held == most - looked then nextrank = last and 0 or from + #held end
  for _, id in ipairs(held) do
    local s = load(id)
    if not s or s.st ~= 'running' then
      -- A job whose own script was cut short: its queue or outbox entry is there, or the purge finds its state.
      call('ZREM', sem, id)
    elseif last then
      trueup(s, charges)
      finish(id, s, 'cancelled', { 'tk', '', 'cx', '1' })
    elseif m[4] == 'cancel' and s.cx ~= '1' then
      local seq = num(s.sq) + 1
      call('HSET', state(id), 'cx', '1', 'sq', int(seq))
      publish(s.ep, id, seq, 'running', s.pc, nil, s.at)
    end
  end
end
local pending = call('ZCARD', delayed)
for _, pool in ipairs(pools) do pending = pending + call('ZCARD', queue(pool)) end
return { 'ok', notes(pools, charges), pending, call('ZCARD', sem), int(nextrank) }
