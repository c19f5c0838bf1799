import AdapterKit
import Payments
import TestKit
import Testing

extension RedisUnderTest {
    /// A payment's events in its bucket's outbox, read as `RedisKeys` says that they are written.
    func outbox(of payment: PaymentID, prefix: String) async throws -> [PaymentEvent] {
        let key = "\(prefix){\(payment.bucket)}:outbox"
        let lines = try await command(["EVAL", Self.script, "1", key, payment.text]).split(separator: "\n")
        return try lines.map { try Self.event($0.split(separator: "|", omittingEmptySubsequences: false).map(String.init)) }
    }

    private static var script: String {
        """
        local names, lines = {'tenant', 'payment', 'object', 'version', 'kind', 'cause', 'at', 'data'}, {}
        for _, entry in ipairs(redis.call('XRANGE', KEYS[1], '-', '+')) do
          local fields, words = {}, {}
          for i = 1, #entry[2], 2 do fields[entry[2][i]] = entry[2][i + 1] end
          fields.data = string.gsub(fields.data, '.', function(c) return string.format('%02x', string.byte(c)) end)
          for i, name in ipairs(names) do words[i] = fields[name] end
          if fields.payment == ARGV[1] then lines[#lines + 1] = table.concat(words, '|') end
        end
        return lines
        """
    }

    private static func event(_ words: [String]) throws -> PaymentEvent {
        try #require(words.count == 8)
        let hexadecimal = Array(words[7])
        let sealed = try stride(from: 0, to: hexadecimal.count, by: 2).map { index in
            try #require(UInt8(String(hexadecimal[index...index + 1]), radix: 16))
        }
        return PaymentEvent(
            tenant: words[0], payment: try #require(PaymentID(words[1])), object: words[2], version: try #require(Int(words[3])),
            kind: try #require(PaymentEvent.Kind(rawValue: words[4])),
            cause: try #require(HistoryEntry.Cause(rawValue: words[5])),
            createdAt: Timestamp(milliseconds: try #require(Int64(words[6]))), sealed: sealed)
    }
}
