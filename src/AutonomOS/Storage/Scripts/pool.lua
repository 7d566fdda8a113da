-- Shared head of the scripts of a pool's ready index. KEYS: ready, fresh, generations, wake; all in the slot of
-- {pool:NAME}. ARGV[1] is the pool.
--
-- Start-time fair queueing by slot time (Goyal, Vin and Cheng, 1996; with several slots at once SFQ(D): Jin, Chase and
-- Kaur, SIGMETRICS 2004). A tenant's finish tag is base + served / weight, with served the slot time charged so far in
-- microseconds, as its notes tell it in absolute terms. Ready: tenant -> start tag of its next job. Generations: tenant
-- -> "at base served weight estimate room held"; ':v' -> v, the largest start tag dispatched so far.
-- Fresh: the ready tenants that run nothing, for the reserve.
local call = redis.call
local ready, fresh, gens, wake = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local function int(x) return string.format('%.0f', x + 0) end
local function num(x) return x and tonumber(x) or 0 end
local function entry(t)
  local packed = call('HGET', gens, t)
  if not packed then return nil end
  local at, base, served, weight, estimate, room, held = string.match(packed, '^(%d+) (%-?%d+) (%-?%d+) (%d+) (%d+) (%d+) (%d+)$')
  if not at then return nil end
  return { at = tonumber(at), base = tonumber(base), served = tonumber(served), weight = tonumber(weight),
    estimate = tonumber(estimate), room = tonumber(room), held = tonumber(held) }
end
local function tag(e) return e.base + math.floor(e.served / e.weight) end
local clock = call('TIME')
local now = tonumber(clock[1]) * 1000 + math.floor(tonumber(clock[2]) / 1000)
-- Tells up to n waiting workers that there is work: no more of them than jobs that could start. Those who came last
-- first: a worker that lives renews its place at least every second, so a dead one's place grows old and is dropped. One
-- whose inbox nobody reads is gone (on a cluster: perhaps on another node) and uses up no wake-up.
local function rouse(n)
  call('ZREMRANGEBYSCORE', wake, '-inf', int(now - 5000))
  while n > 0 do
    local waiting = call('ZREVRANGE', wake, 0, n - 1)
    if #waiting == 0 then return end
    for _, worker in ipairs(waiting) do
      call('ZREM', wake, worker)
      if call('PUBLISH', 'job:inbox:{pool:' .. ARGV[1] .. '}:' .. worker, 'wake') > 0 then n = n - 1 end
    end
  end
end
