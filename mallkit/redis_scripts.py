"""What runs inside Redis, because it must not be interrupted: publication with its position, and trimming."""

PUBLISH = """\
local expected, position = ARGV[1], ARGV[2]
if expected ~= '' and tonumber(redis.call('GET', KEYS[2]) or '0') < tonumber(expected) then
  return redis.error_reply('LOST the position is behind what was published')
end
for i = 3, #ARGV do redis.call('XADD', KEYS[1], '*', 'e', ARGV[i]) end
return redis.call('SET', KEYS[2], position)
"""
"""KEYS: stream, position. ARGV: the position that must have been reached ('' for any), the new one, the messages.

The position is written last: an error on the way leaves it where it was.
"""

TRIM = """\
if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end

local function fields(flat)
  local named = {}
  for i = 1, #flat, 2 do named[flat[i]] = flat[i + 1] end
  return named
end
-- Sequences may be larger than a Lua number is exact: digits are compared, not numbers.
local function less(a, b)
  if #a ~= #b then return #a < #b end
  return a < b
end
local function before(a, b)
  local ams, aseq = a:match('(%d+)-(%d+)')
  local bms, bseq = b:match('(%d+)-(%d+)')
  if ams ~= bms then return less(ams, bms) end
  return less(aseq, bseq)
end
local function following(id)
  local ms, seq = id:match('(%d+)-(%d+)')
  if #seq > 15 then return id end
  return ms .. '-' .. string.format('%.0f', tonumber(seq) + 1)
end

local now = redis.call('TIME')
local oldest = math.floor(tonumber(now[1]) * 1000 + tonumber(now[2]) / 1000 - tonumber(ARGV[1]))
local kept = string.format('%.0f-0', math.max(oldest, 0))
for _, group in ipairs(redis.call('XINFO', 'GROUPS', KEYS[1])) do
  group = fields(group)
  local needed = following(group['last-delivered-id'])
  if group['pending'] > 0 then
    local first = redis.call('XPENDING', KEYS[1], group['name'])[2]
    if before(first, needed) then needed = first end
  end
  if before(needed, kept) then kept = needed end
  for _, consumer in ipairs(redis.call('XINFO', 'CONSUMERS', KEYS[1], group['name'])) do
    consumer = fields(consumer)
    if consumer['pending'] == 0 and consumer['idle'] > tonumber(ARGV[2]) then
      redis.call('XGROUP', 'DELCONSUMER', KEYS[1], group['name'], consumer['name'])
    end
  end
end
return redis.call('XTRIM', KEYS[1], 'MINID', kept)
"""
"""KEYS: stream. ARGV: milliseconds that entries are kept at least, milliseconds after which a consumer without entries is gone."""
