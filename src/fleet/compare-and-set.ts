/** The first word of the server's error for a key of another type; also what such a key is read as: text that is no row. */
export const OTHER_TYPE = 'WRONGTYPE';

/**
 * Stores a value if the stored one is still the expected one, and adds to the list next to it. Answers 1, or 0 if it is not.
 *
 * By the digest, not a version number: after a FLUSHALL a number may be what it was, with another row under it. ARGV:
 * digest of the expected value or empty, value, its time to live or empty, entries kept, the list's time to live,
 * entries.
 *
 * Nothing is rolled back when a later command fails. So SET is the only write whose error is that of the script, and the
 * list, which only people read, is written with `pcall`: a user without the right to LPUSH, a list of another type or a
 * renamed command must neither hide that the row was stored nor leave a probe's lease that nobody knows of. LTRIM and
 * PEXPIRE come first and again last: where either fails, nothing is pushed, so no list grows or stays without an end.
 */
export const COMPARE_AND_SET = `
local stored = redis.pcall('GET', KEYS[1])
if type(stored) == 'table' then
  if string.sub(stored.err, 1, ${OTHER_TYPE.length}) ~= '${OTHER_TYPE}' then return stored end
  stored = '${OTHER_TYPE}'
end
local digest = stored and redis.sha1hex(stored) or ''
if digest ~= ARGV[1] then return 0 end
if ARGV[3] == '' then redis.call('SET', KEYS[1], ARGV[2]) else redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3]) end
if #ARGV < 6 then return 1 end
local function failed(...)
  local answer = redis.pcall(...)
  return type(answer) == 'table' and answer.err ~= nil
end
local function bound()
  return failed('LTRIM', KEYS[2], 0, ARGV[4] - 1) or failed('PEXPIRE', KEYS[2], ARGV[5])
end
if bound() then return 1 end
for index = 6, #ARGV do
  if failed('LPUSH', KEYS[2], ARGV[index]) then return 1 end
end
bound()
return 1
`;
