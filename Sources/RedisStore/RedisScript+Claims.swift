extension RedisScript {
    /// ARGV: token, duration, answered, retention, keys, the payment's 13 fields, digest and entry of its creation and of a takeover,
    /// fingerprints; then what `quota` takes. The entry comes first: of a torn log nothing is left that no entry tells of.
    static let claimPayment = RedisScript(
        """
        local refusal = spend()
        if refusal then return refusal end
        list(num(ARGV[4]) + num(ARGV[5]))
        local t = now()
        local token, duration = ARGV[1], num(ARGV[2])
        local fps, first = fingerprints(23)
        if not exists('') then
          if redis.call('EXISTS', M) == 1 then return {'mismatch'} end
          tell(ARGV[19], ARGV[20])
          write(6, fresh(first, token, t + duration, ARGV[3], ''))
          plan('', t + duration)
          keep(num(ARGV[4]), num(ARGV[5]))
          return begun()
        end
        local tenant = get('', 'tenant')
        if tenant ~= ARGV[8] then return {'mismatch'} end
        local verdict, detail = judge('', fps, token, duration, t)
        if verdict == 'taken' then
          tell(ARGV[21], ARGV[22])
          redis.call('HINCRBY', P, 'ver', 1)
        end
        if verdict == 'new' and redis.call('HGET', P, 'ver') ~= '1' then verdict = 'taken' end
        if verdict == 'new' or verdict == 'taken' then keep(num(ARGV[4]), num(ARGV[5])) end
        if verdict == 'new' then return begun() end
        if verdict == 'current' or verdict == 'taken' then return {verdict, view(t)} end
        return {verdict, detail}
        """, after: RedisAuditScript.chain + common + quota)

    /// ARGV: token, duration, answered, retention, keys, operation, kind, amount or nothing, record, seal, tenant,
    /// most operations, digest and entry of the request and of a takeover, fingerprints; then what `quota` takes.
    static let claimOperation = RedisScript(
        """
        local refusal = spend()
        if refusal then return refusal end
        local t = now()
        local token, duration, id, kind = ARGV[1], num(ARGV[2]), ARGV[6], ARGV[7]
        local fps, first = fingerprints(17)
        if not exists('') then return {'not_found'} end
        local st, by, open, amt, cap, ref, gw, gi, ops, tenant =
          get('', 'st', 'by', 'open', 'amt', 'cap', 'ref', 'gw', 'gi', 'ops', 'tenant')
        if tenant ~= ARGV[11] then return {'not_found'} end
        if exists(id) then
          local verdict, detail = judge(id, fps, token, duration, t)
          if verdict == 'new' or verdict == 'taken' then keep(num(ARGV[4]), num(ARGV[5])) end
          if verdict == 'taken' then
            tell(ARGV[15], ARGV[16])
            set(id, 'again', '1')
          end
          if verdict == 'new' and get(id, 'again') == '1' then verdict = 'taken' end
          if verdict == 'new' or verdict == 'current' or verdict == 'taken' then return {verdict, view(t), opview(id, t)} end
          return {verdict, detail}
        end
        local accepted = {
          capture = st == 'authorized',
          void = st == 'authorized' or st == 'queued' or st == 'requires_action',
          refund = st == 'succeeded' and num(cap) > 0,
        }
        if not accepted[kind] then return {'invalid', st, '0'} end
        if kind ~= 'refund' and by ~= '' then return {'invalid', st, '1'} end
        if kind == 'void' and st == 'queued' and holder('', t) ~= '' then return {'invalid', st, '1'} end
        local amount = 0
        if kind ~= 'void' then
          local available = num(amt)
          if kind == 'refund' then available = math.max(0, num(cap) - num(ref) - num(open)) end
          amount = ARGV[8] == '' and available or num(ARGV[8])
          if available < 1 or amount < 1 or amount > available then return {'exceeds', int(available)} end
        end
        if num(ops) >= num(ARGV[12]) then return {'full'} end
        tell(ARGV[13], ARGV[14])
        set(id, 'rec', ARGV[9], 'seal', ARGV[10], 'kind', kind, 'amt', int(amount), 'gw', gw, 'gi', gi, 'final', '0', 'res', '1',
          'fp', first, 'ans', ARGV[3], 'fix', '', 'again', '0', 'due', '', 'shelf', '', 'dead', '', 'kept', '0')
        hold(id, token, t + duration)
        redis.call('HINCRBY', P, 'ops', 1)
        reserve(id, kind, amount)
        keep(num(ARGV[4]), num(ARGV[5]))
        return {'new', view(t), opview(id, t)}
        """, after: RedisAuditScript.chain + common + quota)
}
