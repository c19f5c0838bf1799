import Payments

/// How a trail lies in Redis: one hash, with each entry under its number as `number link digest json`, and under `head`
/// `number link digest` of the newest. An entry and the head that counts it are one HSET: of a torn log both are there or neither.
///
/// The next link is made of the head, not of the newest entry: who takes that away leaves a gap.
enum RedisAuditScript {
    /// A head that is gone or cannot be read does not keep payments from going on: the next entry begins behind the newest number, with
    /// the first link, and every verification names it.
    ///
    /// `chained(trail, subject, kept, digest, json, once)`: with `once`, an entry that is the newest already is not written again.
    /// Needs nothing that stands before it.
    static let chain = """
        local function chained(trail, subject, kept, digest, json, once)
          local head, number, link, newest = redis.call('HGET', trail, 'head'), nil, nil, nil
          if head then number, link, newest = string.match(head, '^(%d+) (%x+) (%x+)$') end
          if not number then
            number, link = 0, redis.sha1hex(subject)
            for _, name in ipairs(redis.call('HKEYS', trail)) do number = math.max(number, tonumber(name) or 0) end
          end
          if once and newest == digest then return end
          number = string.format('%.0f', number + 1)
          head = number .. ' ' .. redis.sha1hex(link .. ' ' .. number .. ' ' .. digest) .. ' ' .. digest
          redis.call('HSET', trail, number, head .. ' ' .. json, 'head', head)
          if tonumber(number) > kept then redis.call('HDEL', trail, string.format('%.0f', number - kept)) end
        end

        """

    /// KEYS: the trail. ARGV: subject, how many are kept, digest, entry.
    static func append(_ entry: HistoryEntry, to subject: AuditSubject, at key: String) -> RedisCommand {
        let script = chain + "chained(KEYS[1], ARGV[1], tonumber(ARGV[2]), ARGV[3], ARGV[4], true) return 1"
        return RedisCommand("EVAL", [script, "1", key].map(RedisFields.bytes) + arguments(entry, of: subject))
    }

    /// What scripts that write it with a change are given: subject, how many are kept, digest, entry.
    static func arguments(_ entry: HistoryEntry, of subject: AuditSubject) -> [[UInt8]] {
        let json = entry.canonical
        return [subject.description, String(subject.limit), AuditChain.digest(of: json, in: subject)].map(RedisFields.bytes) + [
            json
        ]
    }

    /// The head, and the entries behind a number.
    static func read(_ key: String, after number: Int, limit: Int, kept: Int) -> RedisCommand {
        let script = """
            local head = redis.call('HGET', KEYS[1], 'head')
            if not head then return {} end
            local newest = tonumber(string.match(head, '^%d+') or error('UNREADABLE'))
            local from = math.max(ARGV[1] + 1, newest - ARGV[3] + 1)
            local names = {}
            for n = from, math.min(newest, from + ARGV[2] - 1) do names[#names + 1] = string.format('%.0f', n) end
            if #names == 0 then return {head} end
            return {head, unpack(redis.call('HMGET', KEYS[1], unpack(names)))}
            """
        return RedisCommand("EVAL", [script, "1", key, String(number), String(limit), String(kept)].map(RedisFields.bytes))
    }
}
