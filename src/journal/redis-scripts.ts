// What must happen in one step in Redis, or not at all. Each key is one of `KEYS`, written out where it is used, and all
// are in one slot: Alibaba Cloud's proxies and clusters refuse scripts in which keys are computed or kept in variables.

const FAILED = `
local function failed(reply) return type(reply) == 'table' and reply['err'] ~= nil end`;

/** KEYS: staged lines. ARGV: seconds until they go, unless they are put to use; lines. */
export const STAGE = `
redis.call('RPUSH', KEYS[1], unpack(ARGV, 2))
redis.call('EXPIRE', KEYS[1], ARGV[1])
return 1`;

/**
 * A new change, or nothing of it: what fails half-way is taken back. Others see it when it is in the index, which is
 * the last step. Returns the number of changes, and of bytes in all of them.
 *
 * KEYS: index, sizes, bytes in all, order, lines, lease, staged lines.
 * ARGV: id, bytes, seconds to keep it, holder of the lease, its milliseconds, number of staged lines, further lines.
 */
export const CREATE = `${FAILED}
if redis.call('EXISTS', KEYS[5]) == 1 then return redis.error_reply('EEXIST there is such a change') end
if redis.call('LLEN', KEYS[7]) ~= tonumber(ARGV[6]) then return redis.error_reply('ENODATA lines have expired') end
local reply = 0
if tonumber(ARGV[6]) > 0 then reply = redis.pcall('RENAME', KEYS[7], KEYS[5]) end
if not failed(reply) then reply = redis.pcall('RPUSH', KEYS[5], unpack(ARGV, 7)) end
if not failed(reply) then reply = redis.pcall('EXPIRE', KEYS[5], ARGV[3]) end
if not failed(reply) then reply = redis.pcall('SET', KEYS[6], ARGV[4], 'PX', ARGV[5]) end
if not failed(reply) then reply = redis.pcall('HSET', KEYS[2], ARGV[1], ARGV[2]) end
if not failed(reply) then reply = redis.pcall('INCR', KEYS[4]) end
local place, total, counted = reply, 0, false
if not failed(reply) then
  reply = redis.pcall('INCRBY', KEYS[3], ARGV[2])
  total, counted = reply, not failed(reply)
end
if not failed(reply) then reply = redis.pcall('ZADD', KEYS[1], place, ARGV[1]) end
if not failed(reply) then return { redis.call('ZCARD', KEYS[1]), total } end
redis.pcall('DEL', KEYS[5])
redis.pcall('DEL', KEYS[6])
redis.pcall('HDEL', KEYS[2], ARGV[1])
if counted then redis.pcall('DECRBY', KEYS[3], ARGV[2]) end
return reply`;

/**
 * Lines for a change whose lease is held still; returns 0 when it is not.
 * KEYS: lines, lease, sizes, bytes in all. ARGV: holder, id, bytes, lines.
 */
export const APPEND = `
if redis.call('GET', KEYS[2]) ~= ARGV[1] then return 0 end
if redis.call('RPUSHX', KEYS[1], unpack(ARGV, 4)) == 0 then return 0 end
redis.call('HINCRBY', KEYS[3], ARGV[2], ARGV[3])
redis.call('INCRBY', KEYS[4], ARGV[3])
return 1`;

/** KEYS: lease. ARGV: holder, milliseconds. Returns 0 when it has lapsed. */
export const RENEW = `
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('PEXPIRE', KEYS[1], ARGV[2])`;

/** KEYS: lease. ARGV: holder. */
export const RELEASE = `
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('DEL', KEYS[1])`;

/**
 * Whether a change is leased, the number of its lines and the first of them; nothing when there is no such change.
 * KEYS: index, lease, lines. ARGV: id, index of the last line wanted.
 */
export const READ = `
if not redis.call('ZSCORE', KEYS[1], ARGV[1]) then return false end
return { redis.call('EXISTS', KEYS[2]), redis.call('LLEN', KEYS[3]), redis.call('LRANGE', KEYS[3], 0, ARGV[2]) }`;

/**
 * Drops a change when there are more than so many, or more than so many bytes, or when its lines have expired. Only
 * one that nobody has under way, or the one that the holder named has. Returns 1 when it did, 0 when there is no need
 * to, and 2 when this one cannot go.
 * KEYS: index, sizes, bytes in all, lines, lease. ARGV: id, changes, bytes, holder of the lease or nothing.
 */
export const DROP = `
if not redis.call('ZSCORE', KEYS[1], ARGV[1]) then return 2 end
local few = redis.call('ZCARD', KEYS[1]) <= tonumber(ARGV[2])
local small = tonumber(redis.call('GET', KEYS[3]) or '0') <= tonumber(ARGV[3])
if few and small and redis.call('EXISTS', KEYS[4]) == 1 then return 0 end
if (redis.call('GET', KEYS[5]) or '') ~= ARGV[4] then return 2 end
local size = redis.call('HGET', KEYS[2], ARGV[1])
if size then redis.call('DECRBY', KEYS[3], size) end
redis.call('HDEL', KEYS[2], ARGV[1])
redis.call('ZREM', KEYS[1], ARGV[1])
redis.call('DEL', KEYS[4])
redis.call('DEL', KEYS[5])
return 1`;

/**
 * Ids of the changes that were written before one, the last first; of the last ones when it is empty.
 * KEYS: index. ARGV: id, number of ids.
 */
export const NEWEST = `
local first = 0
if ARGV[1] ~= '' then
  local rank = redis.call('ZREVRANK', KEYS[1], ARGV[1])
  if not rank then return {} end
  first = rank + 1
end
return redis.call('ZREVRANGE', KEYS[1], first, first + tonumber(ARGV[2]) - 1)`;

/** KEYS: plan, staged lines. ARGV: number of lines, milliseconds to keep it. */
export const PUT_PLAN = `
if redis.call('EXISTS', KEYS[1]) == 1 then return redis.error_reply('EEXIST there is such a plan') end
if redis.call('LLEN', KEYS[2]) ~= tonumber(ARGV[1]) then return redis.error_reply('ENODATA lines have expired') end
redis.call('RENAME', KEYS[2], KEYS[1])
return redis.call('PEXPIRE', KEYS[1], ARGV[2])`;

/**
 * The number of a plan's lines and the first of them, unless less than so many milliseconds of it are left.
 * KEYS: plan. ARGV: milliseconds, index of the last line wanted.
 */
export const READ_PLAN = `
if redis.call('PTTL', KEYS[1]) <= tonumber(ARGV[1]) then return false end
return { redis.call('LLEN', KEYS[1]), redis.call('LRANGE', KEYS[1], 0, ARGV[2]) }`;
