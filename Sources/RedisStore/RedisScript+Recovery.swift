extension RedisScript {
    /// Takes entries of this work out of the due index that its own record does not know of.
    private static let sweep = """
        local function sweep(id, known, t)
          local overdue = redis.call('ZRANGEBYSCORE', D, '-inf', int(t), 'LIMIT', 0, 1000)
          for _, member in ipairs(overdue) do
            if member ~= known and string.match(member, '[^ ]*$') == name(id) then redis.call('ZREM', D, member) end
          end
        end

        """

    /// ARGV: operation or nothing, token, duration, digest and entry of a takeover: it is one where an owner's lease has run out, and
    /// not where nobody had it, as with every turn of the schedule.
    static let take = RedisScript(
        sweep + """
            local t, id, token = now(), ARGV[1], ARGV[2]
            if not exists('') or not exists(id) then
              sweep(id, '', t)
              return {'gone'}
            end
            local tok, til, due = get(id, 'tok', 'until', 'due')
            if tok == '' or tok ~= token then
              local at = due ~= '' and redis.call('ZSCORE', D, due)
              if not at or num(at) > t or (tok ~= '' and num(til) > t) then
                sweep(id, due, t)
                return {'gone'}
              end
              if tok ~= '' then tell(ARGV[4], ARGV[5]) end
              set('', 'ver', int(num(get('', 'ver')) + 1))
              if id ~= '' then set(id, 'again', '1') end
            end
            hold(id, token, t + num(ARGV[3]))
            return {'taken', view(t), id ~= '' and opview(id, t) or nil}
            """)

    /// Relies on nothing that it finds: it is called for what cannot be read.
    ///
    /// ARGV: operation or nothing, reason, digest and entry. A trail that cannot be read either stops nothing.
    static let bury = RedisScript(
        sweep + """
            local t, id = now(), ARGV[1]
            local key, pre = part(id)
            sweep(id, '', t)
            if redis.call('EXISTS', P) == 0 or redis.call('EXISTS', key) == 0 then return {'done'} end
            pcall(tell, ARGV[3], ARGV[4], true)
            if redis.call('TYPE', key).ok ~= 'hash' then
              enter(id, 'dead ')
              return {'done'}
            end
            if not exists(id) then return {'done'} end
            local found = redis.call('HMGET', key, pre .. 'due', pre .. 'shelf', pre .. 'gw', pre .. 'kept')
            local due, shelf, gateway, kept = found[1], found[2], found[3], found[4]
            if due and due ~= '' then redis.call('ZREM', D, due) end
            set(id, 'due', '', 'shelf', shelf or '', 'dead', ARGV[2] .. ' ' .. int(t))
            shelve(id, 'dead ' .. (gateway or ''))
            if id ~= '' and kept ~= '1' then
              set(id, 'kept', '1')
              redis.pcall('HINCRBY', P, 'pend', 1)
            end
            persist()
            return {'done'}
            """)

    /// ARGV: operation or nothing.
    static let loadWork = RedisScript(
        """
        local t, id = now(), ARGV[1]
        if not exists('') or not exists(id) then return {'none'} end
        return {'found', view(t), id ~= '' and opview(id, t) or nil}
        """)
}
