-- Takes notes of tenants into a pool's index.
-- ARGV: pool, mode ('apply' or 'verify'), then 8 per note: tenant, at, runnable, served, weight, estimate, room, held
-- Returns, per note: '0' taken; apply: the stamp that stands above a refused note that said runnable ('0' if it did not),
--   for the caller to go above; verify: '1' where the tenant should be in the index and is not (nothing is written).
-- The newest stamp wins. On every re-entry the start tag is max(v, own finish tag): who was capped or idle banks no
-- credit, who just left does not come back as new.
-- Order: ready, then generations. A crash between: in the index under the old stamp; the note's repeat or the next one
-- writes both. The other way round it would count as indexed and be absent.
local answers = {}
local v = num(call('HGET', gens, ':v'))
for i = 3, #ARGV, 8 do
  local t, at, runnable = ARGV[i], tonumber(ARGV[i + 1]), ARGV[i + 2] == '1'
  local e = entry(t)
  local present = call('ZSCORE', ready, t)
  local answer = '0'
  if ARGV[2] == 'verify' then
    -- Present and without a generation is what a crash in between leaves: the next pick would drop it.
    if runnable and (not present or not e) and (not e or e.at <= at) then answer = '1' end
  elseif e and e.at >= at then
    if runnable and e.at > at then answer = int(e.at) end
  else
    local n = { at = at, served = tonumber(ARGV[i + 3]), weight = tonumber(ARGV[i + 4]), estimate = tonumber(ARGV[i + 5]),
      room = tonumber(ARGV[i + 6]), held = tonumber(ARGV[i + 7]) }
    -- The finish tag so far, at the weight so far; a new weight counts from here on.
    local finish
    if not e then finish = v
    elseif n.served < e.served and n.served == 0 then finish = tag(e)
    else finish = e.base + math.floor(n.served / e.weight) end
    local start = finish
    if runnable and (not present or not e or e.weight ~= n.weight) then start = math.max(v, finish) end
    n.base = start - math.floor(n.served / n.weight)
    if runnable then
      call('ZADD', ready, int(start), t)
      if n.held == 0 then call('ZADD', fresh, int(start), t) else call('ZREM', fresh, t) end
    else
      call('ZREM', ready, t)
      call('ZREM', fresh, t)
    end
    call('HSET', gens, t, int(n.at) .. ' ' .. int(n.base) .. ' ' .. int(n.served) .. ' ' .. int(n.weight) .. ' '
      .. int(n.estimate) .. ' ' .. int(n.room) .. ' ' .. int(n.held))
    if runnable then rouse(math.max(n.room, 1)) end
  end
  answers[#answers + 1] = answer
end
return answers
