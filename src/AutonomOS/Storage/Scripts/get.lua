-- Reads one job of a tenant, with its place in the queue and why it waits.
-- ARGV: tenant, 0, id
-- Returns: {} or {fields, position (-1 none), waiting ('' none)}; fields in the order of FIELDS in the client.
local id = ARGV[3]
local f = call('HMGET', state(id), 'ty', 'po', 'st', 'ep', 'pr', 'pl', 're', 'er', 'pc', 'pm', 'sq', 'at', 'fl', 'lo',
  'ma', 'cr', 'du', 'ss', 'fi', 'cx', 'rt', 'sc')
if not f[3] then return {} end
local position, waiting = -1, ''
if f[3] == 'pending' then
  local rank = call('ZRANK', queue(f[2]), id)
  local m = call('HMGET', meta, 'st', 'mc')
  if rank then position = rank end
  if m[1] ~= 'active' then waiting = 'suspended'
  elseif not rank and f[21] == '1' then waiting = 'retrying'
  elseif not rank then waiting = 'delayed'
  elseif call('ZCARD', sem) >= num(m[2]) then waiting = 'own_limit'
  elseif rank > 0 then waiting = 'own_backlog'
  else waiting = 'pool_busy' end
end
for i = 1, 22 do if not f[i] then f[i] = '' end end
return { f, position, waiting }
