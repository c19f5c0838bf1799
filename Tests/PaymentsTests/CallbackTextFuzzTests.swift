import AdapterKit
import Payments
import Signing
import TestKit
import Testing

@Suite("Texts as nobody should write them")
struct CallbackTextFuzzTests {
    private static let rounds = 500

    /// Every text, spoilt or not, is either what it is read as, to the letter, or nothing.
    private func garble(_ samples: [String], seed: Int, _ read: (String) throws -> Bool) throws {
        var garbler = Garbler(seed: seed)
        var count = 0
        for round in 0..<Self.rounds {
            var text = garbler.dice.pick(samples) ?? ""
            if round >= samples.count { text = garbler.garbled(text) }
            if try read(text) { count += 1 }
        }
        #expect(count > 0 && count < Self.rounds, "seed \(seed)")
    }

    @Test("a range of addresses holds the address that it begins with", arguments: 1...3)
    func range(seed: Int) throws {
        let samples = ["10.0.0.0/8", "192.0.2.1", "2001:db8::/32", "::ffff:10.0.0.0/104", "::/0", "0.0.0.0/0", "::1"]
        try garble(samples, seed: seed) { text in
            guard let range = AddressRange(text) else { return false }
            #expect(range.description == text, "seed \(seed): \(text)")
            #expect(range.contains(String(text.prefix { $0 != "/" })), "seed \(seed): \(text)")
            return true
        }
    }

    @Test("no text makes a range hold what is no address", arguments: 1...3)
    func addresses(seed: Int) throws {
        let all = try ["0.0.0.0/0", "::/0"].map { try #require(AddressRange($0)) }
        try garble(["10.1.2.3", "::ffff:10.1.2.3", "2001:db8::1", "fe80::1%eth0"], seed: seed) { text in
            let isHeld = all.contains { $0.contains(text) }
            // An address that any range holds is a range by itself.
            #expect(isHeld == (!text.contains("/") && AddressRange(text) != nil), "seed \(seed): \(text)")
            return isHeld
        }
    }

    @Test("the id of an event is exactly what would be written", arguments: 1...3)
    func eventID(seed: Int) throws {
        try garble(["evt_1-2", "evt_0-0", "evt_18446744073709551615-18446744073709551615"], seed: seed) { text in
            guard let id = EventID(text) else { return false }
            #expect(id.text.utf8.elementsEqual(text.utf8), "seed \(seed): \(text)")
            return true
        }
    }

    @Test("the id of a callback is cb_ and 26 characters", arguments: 1...3)
    func callbackID(seed: Int) throws {
        try garble(["cb_0123456789abcdefghjkmnpqrs", "cb_" + String(repeating: "z", count: 26)], seed: seed) { text in
            guard let id = CallbackID(text) else { return false }
            let form = try Regex("cb_[0-9a-z]{26}").matchingSemantics(.unicodeScalar)
            #expect(try form.wholeMatch(in: id.text) != nil, "seed \(seed): \(text)")
            #expect(id.text.utf8.elementsEqual(text.utf8))
            return true
        }
    }

    @Test("the time-stamp of a webhook is exactly what would be written", arguments: 1...3)
    func timestamp(seed: Int) throws {
        try garble(["1767225600", "0", "999999999999"], seed: seed) { text in
            guard let timestamp = StandardWebhooks.timestamp(text) else { return false }
            #expect(String(timestamp.milliseconds / 1_000).utf8.elementsEqual(text.utf8), "seed \(seed): \(text)")
            return true
        }
    }

    @Test("a webhook verifies only with the parts that were signed", arguments: 1...3)
    func webhook(seed: Int) throws {
        var garbler = Garbler(seed: seed)
        let (id, time, secret) = ("msg_1", "1767225600", Secret(text: "k3y-for-tests-only"))
        let body = Array(#"{"amount":1000}"#.utf8)
        let header = StandardWebhooks.signature(id: id, timestamp: time, body: body, secrets: [Secret(text: "old"), secret])
        var count = 0
        for _ in 0..<500 {
            var sent = (header: header, id: id, time: time, body: body)
            switch garbler.dice.below(4) {
            case 0: sent.header = garbler.garbled(header)
            case 1: sent.id = garbler.garbled(id)
            case 2: sent.time = garbler.garbled(time)
            default: sent.body = garbler.garbled(body)
            }
            guard StandardWebhooks.verify(sent.header, id: sent.id, timestamp: sent.time, body: sent.body, with: [secret]) else {
                continue
            }
            count += 1
            let isSigned = sent.id.utf8.elementsEqual(id.utf8) && sent.time.utf8.elementsEqual(time.utf8) && sent.body == body
            #expect(isSigned, "seed \(seed): \(sent)")
        }
        #expect(count > 0 && count < 500, "seed \(seed)")
    }
}
