-- Raises a workspace's number, never lowers it, and returns the number that then stands; -1 where none does.
-- KEYS: the number's name. ARGV: the number to raise it to, and the token of who read that from the database, '' of a change.
-- A number that is missing, or is none, is only made by a reader whose token stands in its place since before the read. A
-- change removes the token, as a restart of Redis does, so what was read before either of them never counts as current.
local name, number, token = KEYS[1], ARGV[1], ARGV[2]
local known = redis.pcall('GET', name)
if type(known) ~= 'string' then known = '' end -- missing, or of another type
local is_number = known == '0' or (#known < 16 and string.match(known, '^[1-9]%d*$'))

if is_number and tonumber(known) >= tonumber(number) then return known end
if is_number or (token ~= '' and known == token) then
  redis.call('SET', name, number)
  return number
end
if token == '' then
  redis.call('DEL', name)
else
  local left = redis.call('PTTL', name)
  if left < 0 or left > 1000 then redis.call('SET', name, token, 'PX', 1000) end -- else another reader's token stands there
end
return '-1'
