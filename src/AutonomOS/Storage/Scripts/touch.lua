-- Tells a pool's index about the tenant again, above a stamp that the index holds.
-- ARGV: tenant, deadline, pool, stamp, always ('1', or '0': only where our own stamp is lower, that is where this slot
--   lost its last moments; otherwise a newer note is on its way or there)
-- Returns: {status, notes}
-- One write: no prefix.
if late() then return { 'late' } end
if ARGV[5] ~= '1' and num(call('HGET', meta, 'at:' .. ARGV[3])) >= tonumber(ARGV[4]) then return { 'ok', {} } end
local told = note(ARGV[3], 0, true, tonumber(ARGV[4]))
return { 'ok', told and { told } or {} }
