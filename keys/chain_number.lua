-- Raise the number of a workspace, never lower it. Return the number that Redis has then, or -1 if it has none.
-- KEYS: the key of the number. ARGV: the new number, and the token of the reader of the database, '' for a change.
-- A missing or invalid number is set only by a reader that had stored its token in its place before it read the database. A
-- change deletes the token, and so does a restart of Redis. So a record that was read before never counts as current.
local name, number, token = KEYS[1], ARGV[1], ARGV[2]
local known = redis.pcall('GET', name)
if type(known) ~= 'string' then known = '' end -- missing or of another type
if token == '' then redis.call('PUBLISH', name, number) end -- calls that wait for an event look at their key again
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
  if left < 0 or left > 1000 then redis.call('SET', name, token, 'PX', 1000) end -- otherwise another reader has stored its token
end
return '-1'
