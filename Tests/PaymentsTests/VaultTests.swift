import AdapterKit
import TestKit
import Testing

@testable import Payments

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

    @Test("says why it opens nothing: a key that may come yet is no alteration")
    func reasons() throws {
        let vault = vault(try key("v1", 1))
        let envelope = try vault.seal(plain, for: "pay_1")
        func reason(_ vault: Vault, _ envelope: [UInt8], _ record: String = "pay_1") -> VaultFailure.Reason? {
            do { _ = try vault.open(envelope, for: record) } catch { return error.reason }
            return nil
        }
        #expect(reason(vault, envelope) == nil)
        #expect(reason(self.vault(try key("v2", 1)), envelope) == .unknownKey)
        #expect(reason(self.vault(try key("v1", 2)), envelope) == .altered)
        #expect(reason(vault, envelope, "pay_2") == .altered)
        #expect(reason(vault, envelope, "pay_1#words") == .altered)
        for malformed in [[], [1], [2, 2], Array(envelope.prefix(20))] as [[UInt8]] {
            #expect(reason(vault, malformed) == .malformed)
        }
    }

    @Test("a ring that is adopted counts at once: it opens what is in it, seals with its first, and knows nothing of the rest")
    func adopted() throws {
        let (old, new) = (try key("v1", 1), try key("v2", 2))
        let vault = vault(old)
        let before = try vault.seal(plain, for: "pay_1")
        let fingerprint = vault.fingerprints(operation: "x", request: .null)[0]
        vault.adopt(first: new, others: [old])
        #expect(try vault.open(before, for: "pay_1") == plain)
        #expect(vault.fingerprints(operation: "x", request: .null).contains(fingerprint))
        #expect(vault.fingerprints(operation: "x", request: .null)[0].hasPrefix("v2:"))
        let after = try vault.seal(plain, for: "pay_1")
        #expect(throws: VaultFailure(reason: .unknownKey)) { try self.vault(old).open(after, for: "pay_1") }
        vault.adopt(first: new)
        #expect(throws: VaultFailure(reason: .unknownKey)) { try vault.open(before, for: "pay_1") }
        #expect(!vault.fingerprints(operation: "x", request: .null).contains(fingerprint))
        vault.adopt(first: new, others: [old])
        #expect(try vault.open(before, for: "pay_1") == plain)
    }

    @Test("is read and changed from many tasks at once: whoever reads has one ring or the other, whole")
    func concurrent() async throws {
        let (old, new) = (try key("v1", 1), try key("v2", 2))
        let vault = vault(old, new)
        let plain = plain
        await withTaskGroup(of: Bool.self) { group in
            for number in 0..<200 {
                group.addTask {
                    if number % 10 == 0 {
                        let isNew = number % 20 == 0
                        vault.adopt(first: isNew ? new : old, others: [isNew ? old : new])
                    }
                    guard let envelope = try? vault.seal(plain, for: "pay_1") else { return false }
                    return (try? vault.open(envelope, for: "pay_1")) == plain
                }
            }
            for await isWhole in group { #expect(isWhole) }
        }
    }

    @Test("what is to be the same when it is written again is: for the same text, record and key, and for no other")
    func repeatable() throws {
        let vault = vault(try key("v1", 1))
        let envelope = try vault.sealRepeatably(plain, for: "pay_1")
        #expect(try vault.sealRepeatably(plain, for: "pay_1") == envelope)
        #expect(try vault.open(envelope, for: "pay_1") == plain)
        #expect(envelope.firstRange(of: plain) == nil)
        let nonce = envelope[4..<16]
        let others = [
            try vault.sealRepeatably(plain + [0], for: "pay_1"), try vault.sealRepeatably(plain, for: "pay_2"),
            try self.vault(try key("v1", 2)).sealRepeatably(plain, for: "pay_1"),
        ]
        for other in others { #expect(other[4..<16] != nonce) }
    }

    @Test("renews what an older key has sealed, and only what it can open")
    func renewed() throws {
        let (old, new) = (try key("v1", 1), try key("v2", 2))
        let vault = vault(new, old)
        let before = try self.vault(old).seal(plain, for: "pay_1")
        let after = try #require(vault.renewed(before, for: "pay_1"))
        #expect(try self.vault(new).open(after, for: "pay_1") == plain)
        #expect(vault.renewed(before, for: "pay_1") == after)
        #expect(vault.renewed(after, for: "pay_1") == nil)
        #expect(vault.renewed(before, for: "pay_2") == nil)
        #expect(vault.renewed([], for: "pay_1") == nil)
        let stranger = self.vault(try key("v3", 3))
        #expect(stranger.renewed(before, for: "pay_1") == nil)
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
