-- Writes the outcomes of one tenant's attempts.
-- ARGV: tenant, deadline, n, then 8 per attempt: id, epoch, attempt, token, end (completed, failed, fatal, cancelled),
--   result, error, retry delay ms
-- Returns: {status, earliest due ms, notes, results}; result 1 done, 0 stale.
-- Final: outbox, state, semaphore. A crash after the outbox: the entry waits for a state that is final, and is ignored
--   until then. A crash after the state: the slot is given back by the sweep. A repeat with the same fence is done.
-- To be retried: delayed set, state, semaphore. A crash after the delayed set: still running; the entry is dropped when
--   due, the lease lapses. A crash after the state: the slot is given back by the sweep.
if late() then return { 'late' } end
local pools = split(call('HGET', meta, 'pools'))
local limit = num(call('HGET', meta, 'rb'))
local longest = num(call('HGET', meta, 'eb'))
-- Cut to a number of bytes, not in the middle of a UTF-8 character.
local function cut(text, most)
  if #text <= most then return text end
  while most > 0 do
    local next = string.byte(text, most + 1)
    if next < 128 or next > 191 then break end
    most = most - 1
  end
  return string.sub(text, 1, most)
end
local charges = {}
local results = {}
local earliest = 0
local n = tonumber(ARGV[3])
for i = 1, n do
  local a = 4 + (i - 1) * 8
  local id, outcome, result, text = ARGV[a], ARGV[a + 4], ARGV[a + 5], cut(ARGV[a + 6], longest)
  local s = load(id)
  local done = 0
  if fenced(s, ARGV[a + 1], ARGV[a + 2], ARGV[a + 3]) then
    if s.st ~= 'running' then
      -- The same fence again: final, or waiting to be retried after this very attempt.
      done = 1
    else
      done = 1
      if outcome == 'completed' and #result > limit then
        outcome = 'fatal'
        text = 'The result has ' .. int(#result) .. ' bytes; the tenant may return ' .. int(limit) .. '.'
      end
      trueup(s, charges)
      if outcome == 'completed' then
        finish(id, s, 'completed', #result > 0 and { 're', result, 'pc', '100' } or { 'pc', '100' })
      elseif outcome == 'cancelled' or s.cx == '1' then
        finish(id, s, 'cancelled', text ~= '' and { 'er', text } or {})
      else
        local failures = num(s.fl) + 1
        if outcome == 'fatal' or failures >= num(s.ma) then
          finish(id, s, 'failed', { 'fl', int(failures), 'er', text })
        else
          local due = now + tonumber(ARGV[a + 7])
          local seq = num(s.sq) + 1
          call('ZADD', delayed, int(due), id)
          call('HSET', state(id), 'st', 'pending', 'fl', int(failures), 'er', text, 'du', int(due), 'rt', '1', 'pc', '0', 'sq', int(seq))
          call('ZREM', sem, id)
          publish(s.ep, id, seq, 'pending', 0, nil, s.at)
          if earliest == 0 or due < earliest then earliest = due end
        end
      end
    end
  end
  results[i] = done
end
return { 'ok', int(earliest), notes(pools, charges), results }
