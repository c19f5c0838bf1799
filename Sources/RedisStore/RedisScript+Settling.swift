import Payments

extension RedisScript {
    /// ARGV: expected version, retention, keys, then fixed, the lease's token and duration, wake, each or nothing; the payment's
    /// 12 fields; the operation or nothing, kind, record, seal, amount, gateway, identity, final, shelf, and again fixed, token,
    /// duration, wake; who was told 202 (`payment`, `operation` or nothing); the history's entries. A token without a duration ends
    /// its lease.
    static let settle = RedisScript(
        """
        local t = now()
        local retention, keys, id = num(ARGV[2]), num(ARGV[3]), ARGV[20]
        local known = id ~= '' and exists(id)
        local function other(id)
          local fixed, before = id == '' and ARGV[4] or ARGV[29], get(id, 'fix')
          if fixed == '' or fixed == before then return '' end
          return before
        end
        local verdict = 'done'
        if exists('') then
          local ver, rec, seal = get('', 'ver', 'rec', 'seal')
          if ver ~= ARGV[1] then
            local same = ver == ARGV[18] and rec == ARGV[8] and seal == ARGV[9]
            if known then
              local oprec, opseal = get(id, 'rec', 'seal')
              same = same and oprec == ARGV[22] and opseal == ARGV[23]
            end
            if same and (known or id == '') then return {'done', other(known and id or '')} end
            return {'conflict', view(t), known and opview(id, t) or nil}
          end
        else
          verdict = 'restored'
        end
        local before = ''
        if verdict == 'done' and (known or id == '') then before = other(id) end
        write(8, verdict == 'restored' and fresh('', ARGV[6] ~= '' and ARGV[5] or '', 0, '1', ARGV[4]) or {})
        finish('', ARGV[4], ARGV[5], ARGV[6], ARGV[7], t)
        if id ~= '' then
          local kind, final = ARGV[21], ARGV[27] == '1'
          if known then
            if final then release(id) end
          else
            local reserves = not final and kind ~= 'reversal'
            set(id, 'kind', kind, 'fp', '', 'tok', ARGV[31] ~= '' and ARGV[30] or '', 'until', '0', 'ans', '1', 'fix', ARGV[29],
              'again', '0', 'res', reserves and '1' or '0', 'due', '', 'shelf', '', 'kept', '0')
            redis.call('HINCRBY', P, 'ops', 1)
            if reserves then reserve(id, kind, num(ARGV[24])) end
          end
          set(id, 'rec', ARGV[22], 'seal', ARGV[23], 'amt', ARGV[24], 'gw', ARGV[25], 'gi', ARGV[26], 'final', ARGV[27],
            'dead', '')
          shelve(id, ARGV[28])
          finish(id, ARGV[29], ARGV[30], ARGV[31], ARGV[32], t)
        end
        if ARGV[33] == 'payment' then set('', 'ans', '1') elseif ARGV[33] == 'operation' then set(id, 'ans', '1') end
        if #ARGV > 33 then
          redis.call('RPUSH', H, unpack(ARGV, 34))
          redis.call('LTRIM', H, \(-StoreLimits.historyEntries), -1)
        end
        keep(retention, keys)
        return {verdict, before}
        """)

    /// ARGV: operation or nothing.
    static let markAnswered = RedisScript(
        """
        if exists(ARGV[1]) then set(ARGV[1], 'ans', '1') end
        return {'done'}
        """)

    /// ARGV: tenant.
    static let loadPayment = RedisScript(
        """
        if not exists('') then return {'none'} end
        local tenant = get('', 'tenant')
        if tenant ~= ARGV[1] then return {'none'} end
        return {'found', view(now())}
        """)

    static let openOperations = RedisScript(
        """
        local found = {'found'}
        if not exists('') then return found end
        local t, all = now(), redis.call('HGETALL', O)
        for i = 1, #all, 2 do
          local id = string.match(all[i], '^([^:]*):final$')
          if id and all[i + 1] == '0' then found[#found + 1] = opview(id, t) end
        end
        return found
        """)
}
