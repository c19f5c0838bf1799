import Payments

extension RedisScript {
    /// ARGV: expected version, retention, keys, then fixed, the lease's token and duration, wake, each or nothing; the payment's
    /// 13 fields; the operation or nothing, kind, record, seal, amount, gateway, identity, final, shelf, and again fixed, token,
    /// duration, wake; who was told 202 (`payment`, `operation` or nothing); the callback's mark or nothing; how many events, and
    /// the 8 fields of each; digest and text of each of the history's entries. A token without a duration ends its lease.
    ///
    /// Of a torn log the beginning counts: events come first, as one that is written twice is told once, then the history, so that
    /// no change is there without its entry, and the mark comes last, as it says that all is done.
    static let settle = RedisScript(
        """
        local t = now()
        local retention, keys, id, callback = num(ARGV[2]), num(ARGV[3]), ARGV[21], ARGV[35]
        local known = id ~= '' and exists(id)
        local function other(id)
          local fixed, before = id == '' and ARGV[4] or ARGV[30], get(id, 'fix')
          if fixed == '' or fixed == before then return '' end
          return before
        end
        local verdict = 'done'
        if exists('') then
          local ver, rec, seal = get('', 'ver', 'rec', 'seal')
          local applied = marked(callback)
          if ver ~= ARGV[1] then
            local same = ver == ARGV[18] and rec == ARGV[8] and seal == ARGV[9] and (callback == '' or applied)
            if known then
              local oprec, opseal = get(id, 'rec', 'seal')
              same = same and oprec == ARGV[23] and opseal == ARGV[24]
            end
            if same and (known or id == '') then return {'done', other(known and id or '')} end
          end
          if applied then return {'duplicate'} end
          if ver ~= ARGV[1] then return {'conflict', view(t), known and opview(id, t) or nil} end
        else
          verdict = 'restored'
        end
        local before = ''
        if verdict == 'done' and (known or id == '') then before = other(id) end
        local history = 37 + 8 * num(ARGV[36])
        for i = 37, history - 1, 8 do
          redis.call('XADD', X, '*', 'tenant', ARGV[i], 'payment', ARGV[i + 1], 'object', ARGV[i + 2], 'version', ARGV[i + 3],
            'kind', ARGV[i + 4], 'cause', ARGV[i + 5], 'at', ARGV[i + 6], 'data', ARGV[i + 7])
        end
        for i = history, #ARGV, 2 do tell(ARGV[i], ARGV[i + 1]) end
        write(8, verdict == 'restored' and fresh('', ARGV[6] ~= '' and ARGV[5] or '', 0, '1', ARGV[4]) or {})
        finish('', ARGV[4], ARGV[5], ARGV[6], ARGV[7], t)
        if id ~= '' then
          local kind, final = ARGV[22], ARGV[28] == '1'
          if known then
            if final then release(id) end
          else
            local reserves = not final and kind ~= 'reversal'
            set(id, 'kind', kind, 'fp', '', 'tok', ARGV[32] ~= '' and ARGV[31] or '', 'until', '0', 'ans', '1', 'fix', ARGV[30],
              'again', '0', 'res', reserves and '1' or '0', 'due', '', 'shelf', '', 'kept', '0')
            redis.call('HINCRBY', P, 'ops', 1)
            if reserves then reserve(id, kind, num(ARGV[25])) end
          end
          set(id, 'rec', ARGV[23], 'seal', ARGV[24], 'amt', ARGV[25], 'gw', ARGV[26], 'gi', ARGV[27], 'final', ARGV[28],
            'dead', '')
          shelve(id, ARGV[29])
          finish(id, ARGV[30], ARGV[31], ARGV[32], ARGV[33], t)
        end
        if ARGV[34] == 'payment' then set('', 'ans', '1') elseif ARGV[34] == 'operation' then set(id, 'ans', '1') end
        mark(callback)
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
