-- Records an attempt's progress; never falls within the attempt.
-- ARGV: tenant, deadline, id, epoch, attempt, token, percent, message
-- Returns: {status, result}; 1 done (or lower than the last, and ignored), 0 stale.
-- One write: no prefix.
if late() then return { 'late' } end
local id = ARGV[3]
local s = load(id)
if not fenced(s, ARGV[4], ARGV[5], ARGV[6]) or s.st ~= 'running' then return { 'ok', 0 } end
local percent = tonumber(ARGV[7])
if percent >= num(s.pc) then
  local seq = num(s.sq) + 1
  call('HSET', state(id), 'pc', int(percent), 'pm', ARGV[8], 'sq', int(seq))
  publish(s.ep, id, seq, 'running', percent, ARGV[8], s.at)
end
return { 'ok', 1 }
