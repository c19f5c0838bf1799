extension RedisScript {
    /// ARGV: expected version, fixed, releasing, retention, keys, the payment's 11 fields; then operation or nothing, kind, record,
    /// seal, amount, gateway, identity, final, fixed, releasing.
    static let settle = RedisScript(
        """
        local t = now()
        local retention, keys, id = num(ARGV[4]), num(ARGV[5]), ARGV[17]
        local pre, known = id .. ':', id ~= '' and has(O, id .. ':rec')
        local verdict = 'done'
        if redis.call('EXISTS', P) == 1 then
          local ver, rec, seal = get(P, '', 'ver', 'rec', 'seal')
          if ver ~= ARGV[1] then
            local same = rec == ARGV[6] and seal == ARGV[7]
            if known then
              local oprec, opseal = get(O, pre, 'rec', 'seal')
              same = same and oprec == ARGV[19] and opseal == ARGV[20]
            end
            if same and (known or id == '') then return {'done'} end
            return {'conflict', view(t), known and opview(id) or nil}
          end
        else
          begin('', '', '0', '1')
          verdict = 'restored'
        end
        write(6)
        finish(P, '', ARGV[2], ARGV[3])
        if id ~= '' then
          if known then
            if ARGV[24] == '1' then release(id) end
          else
            redis.call('HSET', O, pre .. 'kind', ARGV[18], pre .. 'fp', '', pre .. 'tok', '', pre .. 'until', '0',
              pre .. 'ans', '1', pre .. 'fix', '', pre .. 'res', ARGV[24] == '1' and '0' or '1')
            redis.call('HINCRBY', P, 'ops', 1)
            if ARGV[24] ~= '1' then reserve(id, ARGV[18], num(ARGV[21])) end
          end
          redis.call('HSET', O, pre .. 'rec', ARGV[19], pre .. 'seal', ARGV[20], pre .. 'amt', ARGV[21], pre .. 'gw', ARGV[22],
            pre .. 'gi', ARGV[23], pre .. 'final', ARGV[24])
          finish(O, pre, ARGV[25], ARGV[26])
        end
        keep(retention, keys)
        return {verdict}
        """)

    /// ARGV: operation or nothing.
    static let markAnswered = RedisScript(
        """
        if ARGV[1] == '' then
          if redis.call('EXISTS', P) == 1 then redis.call('HSET', P, 'ans', '1') end
        elseif has(O, ARGV[1] .. ':rec') then
          redis.call('HSET', O, ARGV[1] .. ':ans', '1')
        end
        return {'done'}
        """)

    /// ARGV: tenant.
    static let loadPayment = RedisScript(
        """
        if redis.call('EXISTS', P) == 0 then return {'none'} end
        local tenant = get(P, '', 'tenant')
        if tenant ~= ARGV[1] then return {'none'} end
        return {'found', view(now())}
        """)

    static let openOperations = RedisScript(
        """
        local found = {'found'}
        if redis.call('EXISTS', P) == 0 then return found end
        local all = redis.call('HGETALL', O)
        for i = 1, #all, 2 do
          local id = string.match(all[i], '^([^:]*):final$')
          if id and all[i + 1] == '0' then found[#found + 1] = opview(id) end
        end
        return found
        """)
}
