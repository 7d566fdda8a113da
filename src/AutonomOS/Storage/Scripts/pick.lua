-- Chooses which tenants of a pool run next, as many single picks as were asked for.
-- ARGV: pool, worker, slots for any tenant, further slots for tenants that run nothing
-- Returns: {latched, any, reserved}; any = flat tenant, count; reserved = tenants.
-- Each pick takes the smallest start tag and advances it by the tenant's estimate. What the claims that follow do not
-- take is refunded by their notes: a note sets the tag from the slot time really charged.
-- Finding nothing puts the worker on the waiting list in this same script, so no wake-up can fall in between.
-- A crash after any line leaves tags too far ahead, which the next notes set right.
call('ZREM', wake, ARGV[2])
local want, reserve = tonumber(ARGV[3]), tonumber(ARGV[4])
local v = num(call('HGET', gens, ':v'))
local v0 = v
local counts, order = {}, {}

if want > 0 then
  local window = call('ZRANGE', ready, 0, want - 1, 'WITHSCORES')
  local line = {}
  for i = 1, #window, 2 do
    local e = entry(window[i])
    if e then
      line[#line + 1] = { t = window[i], s = tonumber(window[i + 1]), step = math.max(math.floor(e.estimate / e.weight), 1), room = math.max(e.room, 1) }
    else
      call('ZREM', ready, window[i])
      call('ZREM', fresh, window[i])
    end
  end
  local left = want
  while left > 0 and #line > 0 do
    local head = table.remove(line, 1)
    v = math.max(v, head.s)
    if not counts[head.t] then
      counts[head.t] = 0
      order[#order + 1] = head.t
    end
    counts[head.t] = counts[head.t] + 1
    head.s = head.s + head.step
    head.room = head.room - 1
    left = left - 1
    call('ZADD', ready, 'XX', int(head.s), head.t)
    if head.room > 0 then
      local at = #line + 1
      while at > 1 and line[at - 1].s > head.s do at = at - 1 end
      table.insert(line, at, head)
    end
  end
end

local reserved = {}
if reserve > 0 then
  local window = call('ZRANGE', fresh, 0, reserve + #order - 1, 'WITHSCORES')
  for i = 1, #window, 2 do
    local t = window[i]
    if #reserved < reserve and not counts[t] then
      local e = entry(t)
      if e then
        v = math.max(v, tonumber(window[i + 1]))
        call('ZADD', ready, 'XX', int(tonumber(window[i + 1]) + math.max(math.floor(e.estimate / e.weight), 1)), t)
        reserved[#reserved + 1] = t
      end
    end
  end
end

if v > v0 then call('HSET', gens, ':v', int(v)) end
local any = {}
for _, t in ipairs(order) do
  any[#any + 1] = t
  any[#any + 1] = int(counts[t])
end
if #any == 0 and #reserved == 0 then
  call('ZADD', wake, int(now), ARGV[2])
  return { 1, any, reserved }
end
return { 0, any, reserved }
