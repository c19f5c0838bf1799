import AdapterKit
import Payments
import TestKit
import Testing

@Suite("The vault")
struct VaultTests {
    private let random = SeededRandom()
    private let plain = Array("what nobody may read".utf8)

    private func key(_ id: String, _ byte: UInt8) throws -> Vault.Key {
        try #require(Vault.Key(id: id, secret: Secret([UInt8](repeating: byte, count: 32))))
    }

    private func vault(_ first: Vault.Key, _ others: Vault.Key...) -> Vault {
        Vault(first: first, others: others, random: random)
    }

    @Test("opens what it sealed, and hides it until then")
    func roundTrip() throws {
        let vault = vault(try key("v1", 1))
        for text in [plain, [], [UInt8](repeating: 0, count: 10_000)] {
            let envelope = try vault.seal(text, for: "pay_1")
            #expect(try vault.open(envelope, for: "pay_1") == text)
        }
        let envelope = try vault.seal(plain, for: "pay_1")
        #expect(envelope.firstRange(of: plain) == nil)
        #expect(try vault.seal(plain, for: "pay_1") != envelope)
    }

    @Test("opens nothing for another record")
    func moved() throws {
        let vault = vault(try key("v1", 1))
        let envelope = try vault.seal(plain, for: "pay_1")
        for record in ["pay_2", "", "pay_", "pay_11"] {
            #expect(throws: VaultFailure.self) { try vault.open(envelope, for: record) }
        }
    }

    @Test("opens nothing with another key, nor with a key that is not in the ring")
    func wrongKey() throws {
        let envelope = try vault(try key("v1", 1)).seal(plain, for: "pay_1")
        #expect(throws: VaultFailure.self) { try vault(try key("v1", 2)).open(envelope, for: "pay_1") }
        #expect(throws: VaultFailure.self) { try vault(try key("v2", 1)).open(envelope, for: "pay_1") }
    }

    @Test("opens nothing that was altered, whichever byte")
    func altered() throws {
        let vault = vault(try key("v1", 1))
        let envelope = try vault.seal(plain, for: "pay_1")
        for index in envelope.indices {
            var changed = envelope
            changed[index] ^= 1
            #expect(throws: VaultFailure.self) { try vault.open(changed, for: "pay_1") }
        }
    }

    @Test("opens nothing that was cut or lengthened")
    func cut() throws {
        let vault = vault(try key("v1", 1))
        let envelope = try vault.seal(plain, for: "pay_1")
        for count in 0..<envelope.count {
            #expect(throws: VaultFailure.self) { try vault.open(Array(envelope.prefix(count)), for: "pay_1") }
        }
        #expect(throws: VaultFailure.self) { try vault.open(envelope + [0], for: "pay_1") }
        #expect(throws: VaultFailure.self) { try vault.open([1, 255, 0], for: "pay_1") }
    }

    @Test("a new first key seals, the old ones still open and still recognise a request (K2)")
    func rotated() throws {
        let (old, new) = (try key("v1", 1), try key("v2", 2))
        let (before, after) = (vault(old), vault(new, old))
        let envelope = try before.seal(plain, for: "pay_1")
        #expect(try after.open(envelope, for: "pay_1") == plain)
        #expect(throws: VaultFailure.self) { try before.open(after.seal(plain, for: "pay_1"), for: "pay_1") }
        let fingerprint = before.fingerprints(operation: "x", request: .null)
        let both = after.fingerprints(operation: "x", request: .null)
        #expect(both.count == 2)
        #expect(both.contains(fingerprint[0]))
        #expect(both[0].hasPrefix("v2:"))
    }

    @Test("takes keys of 32 bytes with an id of 1 to 64 bytes, and no others")
    func keys() {
        func made(_ id: String, _ count: Int) -> Bool {
            Vault.Key(id: id, secret: Secret([UInt8](repeating: 1, count: count))) != nil
        }
        #expect(made("k", 32))
        #expect(made(String(repeating: "k", count: 64), 32))
        for (id, count) in [("", 32), (String(repeating: "k", count: 65), 32), ("k", 31), ("k", 33), ("k", 0), ("k", 16)] {
            #expect(!made(id, count))
        }
    }
}
