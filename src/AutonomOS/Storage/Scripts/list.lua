-- Reads a page of a tenant's jobs, newest first. Looks at a bounded number of them.
-- ARGV: tenant, 0, below this sequence ('+inf' for the first page), state ('' all), count, look at most
-- Returns: {next ('' at the end), rows}; row = {id, fields as in get.lua without payload and result}.
local max = ARGV[3] == '+inf' and '+inf' or '(' .. ARGV[3]
local want, most = tonumber(ARGV[5]), tonumber(ARGV[6])
local entries = call('ZREVRANGEBYSCORE', jobs, max, '-inf', 'WITHSCORES', 'LIMIT', 0, most)
local rows = {}
local last = ''
local stopped = false
for i = 1, #entries, 2 do
  if #rows >= want then stopped = true break end
  local id = entries[i]
  last = int(tonumber(entries[i + 1]))
  local f = call('HMGET', state(id), 'ty', 'po', 'st', 'ep', 'pr', 'sz', 'sz', 'er', 'pc', 'pm', 'sq', 'at', 'fl', 'lo',
    'ma', 'cr', 'du', 'ss', 'fi', 'cx', 'rt', 'sc')
  if f[3] and (ARGV[4] == '' or f[3] == ARGV[4]) then
    for j = 1, 22 do if not f[j] then f[j] = '' end end
    f[6] = ''
    f[7] = ''
    rows[#rows + 1] = { id, f }
  end
end
if not stopped and #entries < most * 2 then last = '' end
return { last, rows }
