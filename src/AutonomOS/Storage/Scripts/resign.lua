-- Gives the reconciler's leadership up, if the caller has it.
-- KEYS: job:leader. ARGV: token
-- Returns: 1 when it had it
-- One write: no prefix.
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('DEL', KEYS[1])
return 1
