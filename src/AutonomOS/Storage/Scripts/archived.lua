-- Drops jobs that the records have.
-- ARGV: tenant, deadline, n, ids
-- Returns: {status, dropped}
-- Order per job: idempotency key (marked), state, jobs index, outbox. A crash after the state: the outbox entry is
--   handed out again without a job and dropped; until then a sweep may take the job out of its index. One that was not
--   marked by settled.lua stays.
if late() then return { 'late' } end
local dropped = 0
for i = 4, 3 + tonumber(ARGV[3]) do
  local id = ARGV[i]
  local s = load(id)
  if not s then
    call('ZREM', jobs, id)
    call('ZREM', settled, id)
  elseif s.ar == '1' and final(s) then
    leave(id, s, false)
    call('ZREM', settled, id)
    dropped = dropped + 1
  end
end
return { 'ok', dropped }
