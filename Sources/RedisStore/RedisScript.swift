import Crypto
import Payments

/// A script that Redis runs as one step. Each touches only keys of one slot: those it is given, all of one payment, or a tenant's,
/// which are named after its feed.
///
/// The records' own bytes are never rewritten by a script: what scripts judge by or change are fields beside them.
struct RedisScript: Sendable {
    let source: String
    /// SHA-1 in hexadecimal, by which Redis knows it.
    let digest: String

    /// - Parameter common: what stands before it.
    init(_ body: String, after common: String = RedisAuditScript.chain + Self.common) {
        source = common + body
        digest = hexadecimal(Insecure.SHA1.hash(data: Array(source.utf8)))
    }

    static let all =
        [
            claimPayment, claimOperation, settle, markAnswered, loadPayment, openOperations, take, bury, loadWork, match, note,
            takeToken,
        ] + feed

    var load: RedisCommand { RedisCommand("SCRIPT", "LOAD", source) }

    func call(keys: [String], _ arguments: [[UInt8]]) -> RedisCommand {
        let head = [digest, String(keys.count)] + keys
        return RedisCommand("EVALSHA", head.map { Array($0.utf8) } + arguments)
    }

    /// The script on a payment's keys, with room for a record and what goes with it; its arguments are still to be appended.
    ///
    /// - Parameter others: keys behind the payment's, of other slots: not for a Redis Cluster.
    func call(of payment: PaymentID, _ keys: RedisKeys, and others: [String] = []) -> RedisCommand {
        var command = RedisCommand(reserving: 4_096, arguments: 72)
        command.append("EVALSHA")
        command.append(digest)
        keys.appendAll(of: payment, and: others, to: &command)
        return command
    }

    /// KEYS of every script: as `RedisKeys.all` lists them.
    ///
    /// Fields of the payment, and of an operation behind its id and a colon:
    /// `rec`, `seal` the record as it was given; `fp` fingerprint; `tok`, `until` lease; `ans` answered; `fix` fixed answer;
    /// `due` its member of the due index; `shelf` where it lies, `kind gateway`; `dead` what it was buried for and when.
    /// Of the payment alone: `pend`, how many operations it is kept for; `tried`, the gateways of its charge attempts with blanks
    /// between them; of an operation: `kept`, whether it counts there.
    /// In the scripts `id` is an operation's, or empty for the payment itself.
    /// A new payment is one HSET, so that a log that ends in the middle of a script leaves all of it or nothing: Redis 7.0 keeps
    /// the beginning of a torn transaction.
    /// Amounts are exact: below 2^53, and never written as `tostring` would.
    static let common = """
        local P, O, M, D, H, T = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5], KEYS[6]
        local S = {queue = KEYS[7], dead = KEYS[8], unknown = KEYS[9]}
        local X, C, I = KEYS[10], KEYS[11], KEYS[12]
        local function micros()
          local t = redis.call('TIME')
          return t[1] * 1000000 + t[2]
        end
        local function now() return math.floor(micros() / 1000) end
        local function int(n) return string.format('%.0f', n) end
        local function part(id)
          if id == '' then return P, '' end
          return O, id .. ':'
        end
        local function name(id)
          local payment = string.match(P, '[^:]*$')
          if id == '' then return payment end
          return payment .. '/' .. id
        end
        local function get(id, ...)
          local key, pre = part(id)
          local names = {...}
          for i, name in ipairs(names) do names[i] = pre .. name end
          local found = redis.call('HMGET', key, unpack(names))
          for _, value in ipairs(found) do if not value then error('UNREADABLE') end end
          return unpack(found)
        end
        local function set(id, ...)
          local key, pre = part(id)
          local fields = {...}
          for i = 1, #fields, 2 do fields[i] = pre .. fields[i] end
          redis.call('HSET', key, unpack(fields))
        end
        local function num(text) return tonumber(text) or error('UNREADABLE') end
        local function exists(id)
          if id == '' then return redis.call('EXISTS', P) == 1 end
          return redis.call('HEXISTS', O, id .. ':rec') == 1
        end
        local function holder(id, t)
          local tok, til = get(id, 'tok', 'until')
          if tok ~= '' and num(til) > t then return tok end
          return ''
        end
        local function view(t)
          local rec, seal, by, open, ver, ans, dead = get('', 'rec', 'seal', 'by', 'open', 'ver', 'ans', 'dead')
          return {rec, seal, by, open, ver, holder('', t), ans, dead}
        end
        local function opview(id, t)
          local rec, seal, amt, gw, gi, ans, dead = get(id, 'rec', 'seal', 'amt', 'gw', 'gi', 'ans', 'dead')
          return {rec, seal, amt, gw, gi, holder(id, t), ans, dead}
        end
        local function weigh(id)
          local final, due, shelf, kept = get(id, 'final', 'due', 'shelf', 'kept')
          local keeps = final == '0' or due ~= '' or string.sub(shelf, 1, 5) == 'dead '
          if keeps == (kept == '1') then return end
          set(id, 'kept', keeps and '1' or '0')
          redis.call('HINCRBY', P, 'pend', keeps and 1 or -1)
        end
        local function plan(id, at)
          local old, gw = get(id, 'due', 'gw')
          local new = at and gw .. ' ' .. name(id) or ''
          if old ~= '' and old ~= new then redis.call('ZREM', D, old) end
          if at then redis.call('ZADD', D, int(at), new) end
          if old ~= new then set(id, 'due', new) end
          if id ~= '' then weigh(id) end
        end
        local function enter(id, shelf)
          local kind, gateway = string.match(shelf, '^(%a+) (.*)$')
          local added = redis.call('ZADD', S[kind], 'NX', int(micros()), gateway .. ' ' .. name(id))
          if added == 1 then redis.call('HINCRBY', T, shelf, 1) end
        end
        local function leave(id, shelf)
          local kind, gateway = string.match(shelf, '^(%a+) (.*)$')
          local removed = redis.call('ZREM', S[kind], gateway .. ' ' .. name(id))
          if removed == 1 and redis.call('HINCRBY', T, shelf, -1) < 1 then redis.call('HDEL', T, shelf) end
        end
        local function shelve(id, new)
          local old = get(id, 'shelf')
          if old == new then return end
          if old ~= '' then leave(id, old) end
          if new ~= '' then enter(id, new) end
          set(id, 'shelf', new)
        end
        local function hold(id, token, til)
          set(id, 'tok', token, 'until', int(til))
          plan(id, til)
        end
        local function judge(id, fps, token, duration, t)
          local fp, tok, til, ans, fix = get(id, 'fp', 'tok', 'until', 'ans', 'fix')
          local left = num(til) - t
          if fp ~= '' and not fps[fp] then return 'mismatch' end
          if tok ~= '' and tok == token then hold(id, token, t + duration) return 'new' end
          if fix ~= '' then return 'replay', fix end
          if tok == '' and ans == '1' then return 'current' end
          if tok ~= '' and left > 0 then
            if ans == '1' then return 'current' end
            return 'running', int(left)
          end
          hold(id, token, t + duration)
          return 'taken'
        end
        local function fingerprints(from)
          local fps = {}
          for i = from, #ARGV do fps[ARGV[i]] = true end
          return fps, ARGV[from] or ''
        end
        local function persist()
          for _, key in ipairs({P, O, M, H, C}) do redis.call('PERSIST', key) end
        end
        local function keep(retention, keys)
          local live, by, open, pend, due, shelf = get('', 'live', 'by', 'open', 'pend', 'due', 'shelf')
          local dead = string.sub(shelf, 1, 5) == 'dead '
          if live == '1' or by ~= '' or open ~= '0' or pend ~= '0' or due ~= '' or dead then return persist() end
          for _, key in ipairs({P, O, H, C}) do redis.call('PEXPIRE', key, retention) end
          redis.call('PEXPIRE', M, int(retention + keys))
        end
        local function fresh(fp, token, til, ans, fixed)
          return {'fp', fp, 'tok', token, 'until', int(til), 'ans', ans, 'fix', fixed, 'by', '', 'open', '0', 'ops', '0',
            'pend', '0', 'due', '', 'shelf', ''}
        end
        local function write(i, fields)
          local record = {'rec', ARGV[i], 'seal', ARGV[i + 1], 'tenant', ARGV[i + 2], 'st', ARGV[i + 3], 'live', ARGV[i + 4],
            'amt', ARGV[i + 5], 'cap', ARGV[i + 6], 'ref', ARGV[i + 7], 'gw', ARGV[i + 8], 'gi', ARGV[i + 9],
            'ver', ARGV[i + 10], 'tried', ARGV[i + 12], 'dead', ''}
          for _, field in ipairs(fields) do record[#record + 1] = field end
          set('', unpack(record))
          if #fields > 0 then redis.call('SET', M, '1') end
          shelve('', ARGV[i + 11])
        end
        local function reserve(id, kind, amount)
          if kind == 'refund' then redis.call('HINCRBY', P, 'open', int(amount)) else redis.call('HSET', P, 'by', id) end
        end
        local function release(id)
          local kind, amount, res = get(id, 'kind', 'amt', 'res')
          if res ~= '1' then return end
          set(id, 'res', '0')
          if kind == 'refund' then redis.call('HINCRBY', P, 'open', int(-num(amount))) else redis.call('HSET', P, 'by', '') end
        end
        local function finish(id, fixed, token, duration, wake, t)
          local fix, ans, tok, til = get(id, 'fix', 'ans', 'tok', 'until')
          if fixed ~= '' and fix == '' and ans == '0' then set(id, 'fix', fixed) end
          local at = tok ~= '' and num(til) or nil
          if token ~= '' and tok == token then
            at = duration ~= '' and t + num(duration) or nil
            if at then set(id, 'until', int(at)) else set(id, 'tok', '') end
          end
          if not at and wake ~= '' then at = t + num(wake) end
          plan(id, at)
        end
        local function marked(mark) return mark ~= '' and redis.call('ZSCORE', C, mark) end
        local function tell(digest, json, once)
          chained(H, name(''), \(StoreLimits.historyEntries), digest, json, once)
        end
        local function mark(text)
          if text == '' then return end
          redis.call('ZADD', C, int(micros()), text)
          redis.call('ZREMRANGEBYRANK', C, 0, \(-StoreLimits.callbackMarks - 1))
        end
        local function begun()
          local waiting = redis.call('ZRANGE', I, 0, -1)
          return {#waiting > 0 and 'awaited' or 'new', unpack(waiting)}
        end

        """
}
