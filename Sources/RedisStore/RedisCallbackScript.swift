/// Scripts over what is remembered of callbacks, each one step on Redis' clock. They are short, so each is sent whole.
struct RedisCallbackScript: Sendable {
    private let source: String

    private init(_ source: String) { self.source = source }

    func call(keys: [String], _ arguments: [[UInt8]]) -> RedisCommand {
        RedisCommand("EVAL", ([source, String(keys.count)] + keys).map { Array($0.utf8) } + arguments)
    }

    // MARK: References

    // KEYS: what the reference names, `work token`; the callbacks that wait, by the time until which.

    /// ARGV: work, token of this binding, how long. Those that wait stay for a minute more, so that a repeat after a lost reply,
    /// known by its token, is given them too.
    static let bind = RedisCallbackScript(
        """
        local known = redis.call('GET', KEYS[1])
        if known then
          local work, token = string.match(known, '^(%S+) (%S+)$')
          if not work then error('UNREADABLE') end
          if work ~= ARGV[1] then return {} end
          redis.call('PEXPIRE', KEYS[1], ARGV[3])
          if token ~= ARGV[2] then return {} end
        else
          redis.call('SET', KEYS[1], ARGV[1] .. ' ' .. ARGV[2], 'PX', ARGV[3])
        end
        local clock = redis.call('TIME')
        local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
        redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', string.format('%.0f', now))
        redis.call('PEXPIRE', KEYS[2], math.min(60000, ARGV[3]))
        return redis.call('ZRANGE', KEYS[2], 0, -1)
        """)

    /// ARGV: callback or nothing, how long it waits, how many may wait. The verdict, and the work where it is `bound`.
    static let find = RedisCallbackScript(
        """
        local known = redis.call('GET', KEYS[1])
        if known then return {'bound', string.match(known, '^%S+') or ''} end
        if ARGV[1] == '' then return {'none'} end
        local clock = redis.call('TIME')
        local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
        redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', string.format('%.0f', now))
        if not redis.call('ZSCORE', KEYS[2], ARGV[1]) and redis.call('ZCARD', KEYS[2]) >= tonumber(ARGV[3]) then
          return {'full'}
        end
        redis.call('ZADD', KEYS[2], string.format('%.0f', now + ARGV[2]), ARGV[1])
        redis.call('PEXPIREAT', KEYS[2], redis.call('ZRANGE', KEYS[2], -1, -1, 'WITHSCORES')[2])
        return {'waits'}
        """)

    // MARK: Kept callbacks

    // KEYS: the callbacks, how many of each gateway and kind, and for each kind the ids by the order in which they came.
    // Fields of the callbacks: an id its record; behind a colon `seal` and `shelf`, `kind gateway`; `last` the newest number.

    /// ARGV: id, kind, gateway, how many may be kept of the gateway, record, sealed part, all kinds.
    static let keep = RedisCallbackScript(
        """
        local id, kind, gateway = ARGV[1], ARGV[2], ARGV[3]
        if redis.call('HEXISTS', KEYS[1], id) == 1 then return 'before' end
        local count = 0
        for i = 7, #ARGV do count = count + (redis.call('HGET', KEYS[2], ARGV[i] .. ' ' .. gateway) or 0) end
        if count >= tonumber(ARGV[4]) then return 'full' end
        local shelf = kind .. ' ' .. gateway
        redis.call('HSET', KEYS[1], id, ARGV[5], id .. ':seal', ARGV[6], id .. ':shelf', shelf)
        for i = 7, #ARGV do
          if ARGV[i] == kind then redis.call('ZADD', KEYS[i - 4], redis.call('HINCRBY', KEYS[1], 'last', 1), id) end
        end
        redis.call('HINCRBY', KEYS[2], shelf, 1)
        return 'kept'
        """)

    /// ARGV: id, and the decision and how many are remembered where an operator made one; its list is the last of KEYS then.
    static let drop = RedisCallbackScript(
        """
        local id = ARGV[1]
        local last = #KEYS
        if ARGV[2] then
          redis.call('LPUSH', KEYS[last], ARGV[2])
          redis.call('LTRIM', KEYS[last], 0, ARGV[3] - 1)
          last = last - 1
        end
        local shelf = redis.call('HGET', KEYS[1], id .. ':shelf')
        redis.call('HDEL', KEYS[1], id, id .. ':seal', id .. ':shelf')
        for i = 3, last do redis.call('ZREM', KEYS[i], id) end
        if shelf and redis.call('HINCRBY', KEYS[2], shelf, -1) < 1 then redis.call('HDEL', KEYS[2], shelf) end
        return 1
        """)
}
