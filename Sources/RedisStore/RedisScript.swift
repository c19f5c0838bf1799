import Crypto

/// A script that Redis runs as one step. Each touches only the keys it is given, all of one payment.
///
/// The records' own bytes are never rewritten by a script: what scripts judge by or change are fields beside them.
struct RedisScript: Sendable {
    let source: String
    /// SHA-1 in hexadecimal, by which Redis knows it.
    let digest: String

    init(_ body: String) {
        source = Self.common + body
        digest = hexadecimal(Insecure.SHA1.hash(data: Array(source.utf8)))
    }

    static let all = [claimPayment, claimOperation, settle, markAnswered, loadPayment, openOperations]

    var load: RedisCommand { RedisCommand("SCRIPT", "LOAD", source) }

    func call(keys: [String], _ arguments: [[UInt8]]) -> RedisCommand {
        let head = [digest, String(keys.count)] + keys
        return RedisCommand("EVALSHA", head.map { Array($0.utf8) } + arguments)
    }

    /// KEYS of every script: the payment, its operations, the mark of its key.
    ///
    /// Fields of the payment, and of an operation behind its id and a colon:
    /// `rec`, `seal` the record as it was given; `fp` fingerprint; `tok`, `until` lease; `ans` answered; `fix` fixed answer.
    /// Amounts are exact: below 2^53, and never written as `tostring` would.
    private static let common = """
        local P, O, M = KEYS[1], KEYS[2], KEYS[3]
        local function now()
          local t = redis.call('TIME')
          return t[1] * 1000 + math.floor(t[2] / 1000)
        end
        local function int(n) return string.format('%.0f', n) end
        local function get(key, pre, ...)
          local names = {...}
          for i, name in ipairs(names) do names[i] = pre .. name end
          local found = redis.call('HMGET', key, unpack(names))
          for _, value in ipairs(found) do if not value then error('UNREADABLE') end end
          return unpack(found)
        end
        local function num(text) return tonumber(text) or error('UNREADABLE') end
        local function has(key, field) return redis.call('HEXISTS', key, field) == 1 end
        local function leased(t)
          local tok, til = get(P, '', 'tok', 'until')
          return tok ~= '' and num(til) > t
        end
        local function view(t)
          local rec, seal, by, open, ver = get(P, '', 'rec', 'seal', 'by', 'open', 'ver')
          return {rec, seal, by, open, leased(t) and '1' or '0', ver}
        end
        local function opview(id) return {get(O, id .. ':', 'rec', 'seal', 'amt', 'gw', 'gi')} end
        local function hold(key, pre, token, duration, t)
          redis.call('HSET', key, pre .. 'tok', token, pre .. 'until', int(t + duration))
        end
        local function judge(key, pre, fps, token, duration, t)
          local fp, tok, til, ans, fix = get(key, pre, 'fp', 'tok', 'until', 'ans', 'fix')
          local left = num(til) - t
          if fp ~= '' and not fps[fp] then return 'mismatch' end
          if tok ~= '' and tok == token then hold(key, pre, token, duration, t) return 'new' end
          if fix ~= '' then return 'replay', fix end
          if tok == '' then return 'current' end
          if left > 0 then
            if ans == '1' then return 'current' end
            return 'running', int(left)
          end
          hold(key, pre, token, duration, t)
          return 'taken'
        end
        local function fingerprints(from)
          local fps = {}
          for i = from, #ARGV do fps[ARGV[i]] = true end
          return fps, ARGV[from] or ''
        end
        local function keep(retention, keys)
          local live, by, open = get(P, '', 'live', 'by', 'open')
          if live == '1' or by ~= '' or open ~= '0' then
            redis.call('PERSIST', P) redis.call('PERSIST', O) redis.call('PERSIST', M)
          else
            redis.call('PEXPIRE', P, retention) redis.call('PEXPIRE', O, retention)
            redis.call('PEXPIRE', M, int(retention + keys))
          end
        end
        local function write(i)
          redis.call('HSET', P, 'rec', ARGV[i], 'seal', ARGV[i + 1], 'tenant', ARGV[i + 2], 'st', ARGV[i + 3],
            'live', ARGV[i + 4], 'amt', ARGV[i + 5], 'cap', ARGV[i + 6], 'ref', ARGV[i + 7], 'gw', ARGV[i + 8],
            'gi', ARGV[i + 9], 'ver', ARGV[i + 10])
        end
        local function begin(fp, token, til, ans)
          redis.call('HSET', P, 'fp', fp, 'tok', token, 'until', til, 'ans', ans, 'fix', '', 'by', '', 'open', '0', 'ops', '0')
          redis.call('SET', M, '1')
        end
        local function reserve(id, kind, amount)
          if kind == 'refund' then redis.call('HINCRBY', P, 'open', int(amount)) else redis.call('HSET', P, 'by', id) end
        end
        local function release(id)
          local kind, amount, res = get(O, id .. ':', 'kind', 'amt', 'res')
          if res ~= '1' then return end
          redis.call('HSET', O, id .. ':res', '0')
          if kind == 'refund' then redis.call('HINCRBY', P, 'open', int(-num(amount))) else redis.call('HSET', P, 'by', '') end
        end
        local function finish(key, pre, fixed, releasing)
          local fix, tok = get(key, pre, 'fix', 'tok')
          if fixed ~= '' and fix == '' then redis.call('HSET', key, pre .. 'fix', fixed) end
          if releasing ~= '' and tok == releasing then redis.call('HSET', key, pre .. 'tok', '') end
        end

        """
}
