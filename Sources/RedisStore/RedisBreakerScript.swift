/// Scripts over one gateway's breaker, each one step on Redis' clock. They are few and rare, so each is sent whole.
///
/// KEYS: the breaker, the stream of changes, what is never there (`RedisKeys.absent`). ARGV: the gateway, then the script's own.
///
/// Fields of a breaker: `gen` generation; `state`; `until` of an open one when it may be probed, of a probe when its lease ends,
/// of a forced state when that ends, in milliseconds; `fails` failures without a success between them; `r:` a replica's last
/// report; `t:` until when a replica's own trip counts; `probe` who has the right; `passed` probes; `reason`, `actor`.
/// Nothing but its generation is left of one that is closed and clean.
struct RedisBreakerScript: Sendable {
    private let source: String

    private init(_ body: String) { source = RedisAuditScript.chain + Self.common + body }

    func call(keys: [String], _ arguments: [String], _ entry: [[UInt8]] = []) -> RedisCommand {
        RedisCommand("EVAL", ([source, String(keys.count)] + keys + arguments).map { Array($0.utf8) } + entry)
    }

    private static let common = """
        local H, S, gateway = KEYS[1], KEYS[2], ARGV[1]
        local clock = redis.call('TIME')
        local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
        local function int(n) return string.format('%.0f', n) end
        local function text(field) return redis.call('HGET', H, field) or '' end
        local function num(field)
          local value = text(field)
          if value == '' then return 0 end
          return tonumber(value) or error('UNREADABLE')
        end
        local state, gen, til = text('state'), num('gen'), num('until')
        if (state == 'forced_open' or state == 'forced_closed') and til > 0 and til <= now then
          redis.call('HDEL', H, 'state', 'until', 'reason', 'actor')
          state, til = '', 0
        end
        if state == '' then state = 'closed' end
        local function announce() redis.call('XADD', S, 'MAXLEN', '~', '1000', '*', 'gateway', gateway) end
        local function named(prefix)
          local found = {}
          for _, field in ipairs(redis.call('HKEYS', H)) do
            if string.sub(field, 1, #prefix) == prefix then found[#found + 1] = field end
          end
          return found
        end
        local function decide(to, limit, ...)
          redis.call('DEL', H)
          redis.call('HSET', H, 'gen', int(math.max(gen + 1, now)))
          if to ~= 'closed' then
            redis.call('HSET', H, 'state', to, 'until', limit > 0 and int(now + limit) or '0', ...)
          end
          announce()
        end
        local function counts(generation) return state == 'closed' and gen == tonumber(generation) end

        """

    /// ARGV: generation, replica, count, id of the report, failures that open, how long it is open.
    static let failures = RedisBreakerScript(
        """
        local mine = 'r:' .. ARGV[3]
        if not counts(ARGV[2]) or text(mine) == ARGV[5] then return 0 end
        local before = num('fails')
        local after = redis.call('HINCRBY', H, 'fails', ARGV[4])
        redis.call('HSET', H, mine, ARGV[5])
        if after >= tonumber(ARGV[6]) and #named('r:') >= 2 then decide('open', tonumber(ARGV[7]))
        elseif before == 0 then announce() end
        return 1
        """)

    /// ARGV: generation.
    static let success = RedisBreakerScript(
        """
        if not counts(ARGV[2]) or num('fails') == 0 then return 0 end
        redis.call('HDEL', H, 'fails', unpack(named('r:')))
        announce()
        return 1
        """)

    /// ARGV: generation, replica, window, how long it is open.
    static let trip = RedisBreakerScript(
        """
        if not counts(ARGV[2]) then return 0 end
        for _, vote in ipairs(named('t:')) do
          if num(vote) <= now then redis.call('HDEL', H, vote) end
        end
        redis.call('HSET', H, 't:' .. ARGV[3], int(now + tonumber(ARGV[4])))
        if #named('t:') >= 2 then decide('open', tonumber(ARGV[5])) end
        return 1
        """)

    /// ARGV: generation, token, lease.
    static let takeProbe = RedisBreakerScript(
        """
        if (state ~= 'open' and state ~= 'half_open') or gen ~= tonumber(ARGV[2]) then return 0 end
        if til > now then return redis.call('HGET', H, 'probe') == ARGV[3] and 1 or 0 end
        redis.call('HSET', H, 'state', 'half_open', 'probe', ARGV[3], 'until', int(now + tonumber(ARGV[4])))
        announce()
        return 1
        """)

    /// ARGV: generation, token, result, probes that close, how long it is open.
    static let endProbe = RedisBreakerScript(
        """
        if state ~= 'half_open' or gen ~= tonumber(ARGV[2]) or redis.call('HGET', H, 'probe') ~= ARGV[3] then return 0 end
        if ARGV[4] == 'failure' then
          decide('open', tonumber(ARGV[6]))
          return 1
        end
        if ARGV[4] == 'success' and redis.call('HINCRBY', H, 'passed', 1) >= tonumber(ARGV[5]) then
          decide('closed', 0)
          return 1
        end
        redis.call('HDEL', H, 'probe')
        redis.call('HSET', H, 'until', int(now))
        announce()
        return 1
        """)

    /// KEYS: behind those of all the gateway's trail. ARGV: state, limit or 0, reason, actor; the trail's subject, how many of its
    /// entries are kept, digest and entry.
    static let force = RedisBreakerScript(
        """
        chained(KEYS[4], ARGV[6], tonumber(ARGV[7]), ARGV[8], ARGV[9], true)
        decide(ARGV[2], tonumber(ARGV[3]), 'reason', ARGV[4], 'actor', ARGV[5])
        return 1
        """)

    /// Generation, state, milliseconds that remain or nothing, whether failures are counted, reason, actor.
    static let read = RedisBreakerScript(
        """
        local left = til > 0 and int(math.max(0, til - now)) or ''
        return {int(gen), state, left, num('fails') > 0 and '1' or '0', text('reason'), text('actor')}
        """)
}
