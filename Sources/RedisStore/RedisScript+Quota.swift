import Payments

extension RedisScript {
    /// What a claim does before anything else: it takes a token of its tenant's bucket, on Redis' clock, as `Quota.Bucket` does. Without
    /// one it ends with what is missing, and nothing is written.
    ///
    /// KEYS[13]: the bucket, where the claim is under a quota; KEYS[14], of a payment's claim: the index of its reference, which
    /// is written with the claim or not at all. Their slots are not the payment's, so a Redis Cluster is given neither: there
    /// `takeToken` comes first. With them, the last of ARGV are the time of creation (of a payment), tokens a second, and the burst.
    static let quota = """
        local function take(bucket, rate, burst)
          local t = micros()
          local missing, since = string.match(redis.call('GET', bucket) or '', '^(%d+) (%d+)$')
          missing = math.max(0, (tonumber(missing) or 0) - math.max(0, t - (tonumber(since) or t)) * rate)
          if missing + 1000000 > burst * 1000000 then return {'limited', int(missing)} end
          missing = missing + 1000000
          redis.call('SET', bucket, int(missing) .. ' ' .. int(t), 'PX', int(math.ceil(missing / rate / 1000)))
        end
        local function spend()
          if not KEYS[13] then return end
          local burst = num(table.remove(ARGV))
          local rate = num(table.remove(ARGV))
          return take(KEYS[13], rate, burst)
        end
        local function list(kept)
          if not KEYS[14] then return end
          redis.call('ZADD', KEYS[14], 'NX', table.remove(ARGV), name(''))
          redis.call('ZREMRANGEBYRANK', KEYS[14], 0, \(-StoreLimits.paymentsPerReference - 1))
          redis.call('PEXPIRE', KEYS[14], int(kept))
        end

        """

    /// KEYS: the bucket. ARGV: tokens a second, the burst.
    static let takeToken = RedisScript("return take(KEYS[1], num(ARGV[1]), num(ARGV[2])) or {'taken'}", after: common + quota)
}
