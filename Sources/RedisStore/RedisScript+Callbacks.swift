import Payments

extension RedisScript {
    /// ARGV: operation or nothing, gateway, callback, how long it waits.
    static let match = RedisScript(
        """
        local t, id, gateway, callback = now(), ARGV[1], ARGV[2], ARGV[3]
        local function tried()
          if id ~= '' then return get(id, 'gw') == gateway end
          return string.find(' ' .. get('', 'tried') .. ' ', ' ' .. gateway .. ' ', 1, true)
        end
        if exists('') and exists(id) and tried() then return {'found', view(t), id ~= '' and opview(id, t) or nil} end
        if not redis.call('ZSCORE', I, callback) then
          if redis.call('ZCARD', I) >= \(StoreLimits.waitingCallbacks) then return {'full'} end
          redis.call('ZADD', I, int(micros()), callback)
        end
        redis.call('PEXPIRE', I, ARGV[4])
        return {'waits'}
        """)

    /// ARGV: mark, digest and text of the history's entry.
    static let note = RedisScript(
        """
        if not exists('') then return {'noted'} end
        if marked(ARGV[1]) then return {'duplicate'} end
        tell(ARGV[2], ARGV[3])
        mark(ARGV[1])
        local left = redis.call('PTTL', P)
        if left >= 0 then
          for _, key in ipairs({H, C}) do redis.call('PEXPIRE', key, left) end
        end
        return {'noted'}
        """)
}
