import Payments
import TestKit
import Testing

@testable import RedisStore

@Suite("Keys and slots")
struct RedisKeySlotTests {
    private let keys = RedisKeys(prefix: "db:")
    private let callbackKeys = RedisCallbackKeys(prefix: "db:")
    private let endpoint = EndpointID(tenant: "acme", name: "we_1")

    private func slots(of keys: [String]) -> Set<RedisSlot> { Set(keys.map { RedisSlot(of: $0.utf8) }) }

    private func payment(_ bucket: String) throws -> PaymentID {
        try #require(PaymentID("pay_" + bucket + String(repeating: "0", count: 24)))
    }

    @Test("All keys of a payment share a slot, whichever bucket it is in", arguments: RedisKeys.buckets)
    func payment(in bucket: String) throws {
        let all = keys.all(of: try payment(bucket))
        #expect(Set(all).count == all.count)
        #expect(slots(of: all).count == 1)
    }
}
