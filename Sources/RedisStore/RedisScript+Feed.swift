import Payments

/// Scripts over one tenant's feed and what of it is on its way to endpoints, on Redis' clock.
///
/// KEYS: the feed, and what is never there (`RedisKeys.absent`). Keys of the same slot, named beside it: `trimmed` the last id that left the feed; `v:` an object's version that
/// was appended last; `endpoints` their names; `audit` the tenant's trail; and of an endpoint, behind `e:` and its name:
/// `ready` what may be sent now, in the order of the feed; `later` what waits, by milliseconds; `tries` of all that is pending;
/// `kept` copies of events that must outlive the feed; `dead` in the order of the feed; `why` for each of those;
/// `state` with `disabled`, `attempt`, `success`, `error`, `status`.
/// Members are ids padded to equal length, so that their order is the feed's.
///
/// Of a torn log the beginning counts: what says that a step is done is written last, so that an event may come twice, with the
/// same version, and none is lost.
///
/// ARGV: the limits age, events, memory, pending deliveries, dead letters; then the script's own.
extension RedisScript {
    static let feed = [appendEvents, readEvents, takeDeliveries, finishDelivery, readDeadLetters, redrive, enable, discard]

    /// Entries that one script trims, or makes ready: Redis does nothing else meanwhile.
    private static let step = 1_000

    private static let feedCommon =
        RedisAuditScript.chain + """
            local F, base = KEYS[1], string.sub(KEYS[1], 1, -5)
            local function num(text) return tonumber(text) or error('UNREADABLE') end
            local function int(n) return string.format('%.0f', n) end
            local age, most, memory, pending, deaths = num(ARGV[1]), num(ARGV[2]), ARGV[3], num(ARGV[4]), num(ARGV[5])
            local clock = redis.call('TIME')
            local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
            local function at(endpoint, part) return base .. 'e:' .. endpoint .. ':' .. part end
            local function pad(digits) return string.rep('0', 20 - #digits) .. digits end
            local function member(id)
              local major, minor = string.match(id, '^(%d+)-(%d+)$')
              return pad(major) .. '-' .. pad(minor)
            end
            local function place(m)
              local major, minor = string.match(m, '^0*(%d+)-0*(%d+)$')
              return major .. '-' .. minor
            end
            local function fields(e, m)
              local kept = redis.call('HGET', at(e, 'kept'), m)
              if kept then return cmsgpack.unpack(kept) end
              local id = place(m)
              local found = redis.call('XRANGE', F, id, id)[1]
              return found and found[2]
            end
            local function leave(e, m)
              redis.call('HDEL', at(e, 'tries'), m)
              redis.call('ZREM', at(e, 'ready'), m)
              redis.call('ZREM', at(e, 'later'), m)
            end
            local function bury(e, m, event, tries, why)
              redis.call('HSET', at(e, 'kept'), m, cmsgpack.pack(event))
              redis.call('HSET', at(e, 'why'), m, cmsgpack.pack({tries, why, int(now)}))
              redis.call('ZADD', at(e, 'dead'), 0, m)
              leave(e, m)
              if redis.call('ZCARD', at(e, 'dead')) > deaths then
                local oldest = redis.call('ZPOPMIN', at(e, 'dead'))[1]
                redis.call('HDEL', at(e, 'why'), oldest)
                redis.call('HDEL', at(e, 'kept'), oldest)
              end
            end
            local function expire(e, gone)
              local names = {}
              for i, entry in ipairs(gone) do names[i] = member(entry[1]) end
              local tries = redis.call('HMGET', at(e, 'tries'), unpack(names))
              for i, m in ipairs(names) do
                if tries[i] and redis.call('HEXISTS', at(e, 'kept'), m) == 0 then
                  bury(e, m, gone[i][2], tries[i], '\(FeedLimits.expired)')
                end
              end
            end
            local function trim()
              local gone = redis.call('XRANGE', F, '-', int(math.max(0, now - age)), 'COUNT', \(step))
              local excess = redis.call('XLEN', F) - most
              if #gone < excess then gone = redis.call('XRANGE', F, '-', '+', 'COUNT', math.min(excess, \(step))) end
              if #gone == 0 then return end
              for _, e in ipairs(redis.call('SMEMBERS', base .. 'endpoints')) do expire(e, gone) end
              local last = gone[#gone][1]
              redis.call('SET', base .. 'trimmed', last)
              redis.call('XTRIM', F, 'MINID', last)
              redis.call('XDEL', F, last)
            end
            local function tell(i) chained(base .. 'audit', ARGV[i], num(ARGV[i + 1]), ARGV[i + 2], ARGV[i + 3], true) end
            local function disabled(e) return redis.call('HEXISTS', at(e, 'state'), 'disabled') == 1 end

            """

    /// ARGV: of each event its payment, object, version, kind, cause, time, data, how many endpoints, and their names.
    static let appendEvents = RedisScript(
        """
        local function queue(e, m)
          if disabled(e) then return end
          if redis.call('HLEN', at(e, 'tries')) >= pending then
            redis.call('HSET', at(e, 'state'), 'disabled', '\(FeedLimits.tooManyPending)')
            return
          end
          redis.call('SADD', base .. 'endpoints', e)
          redis.call('ZADD', at(e, 'ready'), 0, m)
          redis.call('HSET', at(e, 'tries'), m, 0)
        end
        local added, i = 0, 6
        while i < #ARGV do
          local mark, version, endpoints = base .. 'v:' .. ARGV[i + 1], ARGV[i + 2], num(ARGV[i + 7])
          local last = redis.call('GET', mark)
          if not last or num(version) > num(last) then
            local id = redis.call('XADD', F, '*', 'payment', ARGV[i], 'object', ARGV[i + 1], 'version', version,
              'kind', ARGV[i + 3], 'cause', ARGV[i + 4], 'at', ARGV[i + 5], 'data', ARGV[i + 6])
            for n = 1, endpoints do queue(ARGV[i + 7 + n], member(id)) end
            redis.call('SET', mark, version, 'PX', memory)
            added = added + 1
          end
          i = i + 8 + endpoints
        end
        trim()
        return {added}
        """, after: feedCommon)

    /// ARGV: the cursor or nothing, how many.
    static let readEvents = RedisScript(
        """
        trim()
        local after, from = ARGV[6], '-'
        if after ~= '' then
          local known = after == redis.call('GET', base .. 'trimmed') or #redis.call('XRANGE', F, after, after) == 1
          if not known then return {'unknown'} end
          from = '(' .. after
        end
        return {'page', redis.call('XRANGE', F, from, '+', 'COUNT', ARGV[7])}
        """, after: feedCommon)

    /// ARGV: endpoint, how many, for how long.
    static let takeDeliveries = RedisScript(
        """
        trim()
        local e, limit, til = ARGV[6], num(ARGV[7]), int(now + num(ARGV[8]))
        local ready, later, taken, lost = at(e, 'ready'), at(e, 'later'), {}, 0
        if disabled(e) then return {0} end
        for _, m in ipairs(redis.call('ZRANGEBYSCORE', later, '-inf', int(now), 'LIMIT', 0, \(step))) do
          redis.call('ZADD', ready, 0, m)
          redis.call('ZREM', later, m)
        end
        while #taken < limit do
          local m = redis.call('ZRANGE', ready, 0, 0)[1]
          if not m then break end
          local tries, event = redis.call('HGET', at(e, 'tries'), m), fields(e, m)
          if tries and event then
            redis.call('ZADD', later, til, m)
            redis.call('ZREM', ready, m)
            taken[#taken + 1] = {place(m), event, tries}
          else
            if tries then lost = lost + 1 end
            leave(e, m)
          end
        end
        return {lost, unpack(taken)}
        """, after: feedCommon)

    /// ARGV: endpoint, member, tries before, then `delivered`, `failed` or `dead`, the error, for how long it waits, the status or
    /// nothing.
    static let finishDelivery = RedisScript(
        """
        local e, m, before, how, why, status = ARGV[6], ARGV[7], ARGV[8], ARGV[9], ARGV[10], ARGV[12]
        local state, tries = at(e, 'state'), redis.call('HGET', at(e, 'tries'), m)
        if not tries or (how ~= 'delivered' and tries ~= before) then return {} end
        redis.call('HSET', state, 'attempt', int(now))
        if status ~= '' then redis.call('HSET', state, 'status', status) end
        if how == 'delivered' then
          redis.call('HSET', state, 'success', int(now))
          redis.call('HDEL', state, 'error')
          leave(e, m)
          redis.call('HDEL', at(e, 'kept'), m)
          return {}
        end
        redis.call('HSET', state, 'error', why)
        if how == 'failed' then
          redis.call('ZADD', at(e, 'later'), int(now + num(ARGV[11])), m)
          redis.call('ZREM', at(e, 'ready'), m)
          redis.call('HINCRBY', at(e, 'tries'), m, 1)
          return {}
        end
        local event = fields(e, m)
        if event then bury(e, m, event, int(num(tries) + 1), why) else leave(e, m) end
        return {}
        """, after: feedCommon)

    /// ARGV: endpoint, the member behind which it begins or nothing, how many.
    static let readDeadLetters = RedisScript(
        """
        local e, from, found = ARGV[6], ARGV[7] == '' and '-' or '(' .. ARGV[7], {}
        for _, m in ipairs(redis.call('ZRANGEBYLEX', at(e, 'dead'), from, '+', 'LIMIT', 0, ARGV[8])) do
          local event, why = fields(e, m), redis.call('HGET', at(e, 'why'), m)
          if not event or not why then error('UNREADABLE') end
          found[#found + 1] = {place(m), event, unpack(cmsgpack.unpack(why))}
        end
        return found
        """, after: feedCommon)

    /// ARGV: endpoint, the only member or nothing, the member behind which it begins or nothing; the trail's subject, how many of its
    /// entries are kept, digest and entry, with the first step only. Gives how many, and the last.
    static let redrive = RedisScript(
        """
        local e, from, only = ARGV[6], ARGV[8] == '' and '-' or '(' .. ARGV[8], ARGV[7]
        local dead, found = at(e, 'dead'), {}
        local room = math.min(pending - redis.call('HLEN', at(e, 'tries')), \(step))
        if room > 0 and only == '' then
          found = redis.call('ZRANGEBYLEX', dead, from, '+', 'LIMIT', 0, room)
        elseif room > 0 and redis.call('ZSCORE', dead, only) then
          found = {only}
        end
        if #found > 0 and ARGV[9] then tell(9) end
        for _, m in ipairs(found) do
          redis.call('ZADD', at(e, 'ready'), 0, m)
          redis.call('HSET', at(e, 'tries'), m, 0)
          redis.call('ZREM', dead, m)
          redis.call('HDEL', at(e, 'why'), m)
        end
        return {#found, found[#found] or ''}
        """, after: feedCommon)

    /// ARGV: endpoint, and of the trail its subject, how many entries are kept, digest and entry.
    static let enable = RedisScript(
        """
        tell(7)
        redis.call('HDEL', at(ARGV[6], 'state'), 'disabled')
        return {}
        """, after: feedCommon)

    /// Moves entries of an outbox that cannot be read out of the way. KEYS: the outbox, the list. ARGV: how many the list holds,
    /// then the entries' ids.
    static let discard = RedisScript(
        """
        for i = 2, #ARGV do
          local entry = redis.call('XRANGE', KEYS[1], ARGV[i], ARGV[i])[1]
          if entry then
            redis.call('LPUSH', KEYS[2], cmsgpack.pack(entry))
            redis.call('LTRIM', KEYS[2], 0, ARGV[1] - 1)
            redis.call('XDEL', KEYS[1], ARGV[i])
          end
        end
        return {}
        """, after: "")
}
