-- Cancels a job for its tenant.
-- ARGV: tenant, deadline, id
-- Returns: {status, outcome, worker, pool, notes}; outcome cancelled, requested, final, missing.
-- Pending: outbox, state, then queue and delayed set. A crash after the state: a claim or the promotion that meets the
--   entry drops it.
-- Running: a flag in the state. The slot stays until the body stops: freed under a live body, it would let one more in.
if late() then return { 'late' } end
local id = ARGV[3]
local s = load(id)
if not s then return { 'ok', 'missing', '', '', {} } end
if s.st == 'running' then
  if s.cx ~= '1' then
    local seq = num(s.sq) + 1
    call('HSET', state(id), 'cx', '1', 'sq', int(seq))
    publish(s.ep, id, seq, 'running', s.pc, nil, s.at)
  end
  return { 'ok', 'requested', s.wk or '', s.po, {} }
end
if s.st ~= 'pending' then return { 'ok', 'final', '', '', {} } end
finish(id, s, 'cancelled', { 'cx', '1' })
return { 'ok', 'cancelled', '', '', notes(split(call('HGET', meta, 'pools')), {}) }
