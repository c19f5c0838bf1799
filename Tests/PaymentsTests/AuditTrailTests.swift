import AdapterKit
import Payments
import Testing

@Suite("An audit trail that was tampered with")
struct AuditTrailTests {
    private static let payment = PaymentID("pay_00000000000000000000000001")
    private static let other = PaymentID("pay_00000000000000000000000002")

    private func subject(_ id: PaymentID? = payment) throws -> AuditSubject { .payment(try #require(id)) }

    private static func entry(_ number: Int) -> HistoryEntry {
        HistoryEntry(
            at: Timestamp(seconds: Int64(number)), version: number, event: "payment.changed", cause: .operator, actor: "ann",
            from: "queued", to: "failed", reason: "because \(number)")
    }

    private func trail(_ count: Int = 5, of subject: AuditSubject? = nil) throws -> AuditTrail {
        var trail = AuditTrail(of: try subject ?? self.subject())
        for number in 1...count { trail.append(Self.entry(number)) }
        return trail
    }

    /// The same trail with other rows, or another head.
    private func tampered(_ trail: AuditTrail, head: AuditHead? = nil, _ change: (inout [AuditRow]) -> Void) -> [AuditFault] {
        var rows = trail.rows
        change(&rows)
        return AuditTrail(of: trail.subject, head: head ?? trail.head, rows: rows).faults
    }

    private func named(_ faults: [AuditFault]) -> [String] { faults.map { "\($0.kind.rawValue) \($0.number ?? 0)" } }

    @Test("one that is as it was written has no fault, and numbers without gaps", arguments: [1, 2, 499, 500, 501, 1_203])
    func whole(count: Int) throws {
        let trail = try trail(count)
        #expect(trail.faults == [])
        #expect(trail.head?.number == count)
        #expect(trail.rows.map(\.number) == Array(max(1, count - 499)...count))
        #expect(try trail.entries.last == Self.entry(count))
    }

    @Test("two trails of the same entries are the same, and every entry gives its own bytes again")
    func deterministic() throws {
        #expect(try trail() == trail())
        var entry = Self.entry(1)
        entry.captured = .init(from: 0, to: 100)
        entry.refunded = .init(from: 1, to: 2)
        (entry.object, entry.amount, entry.gateway) = ("we_1", 7, "bank-a")
        entry.reason = "\"é\"\r\n😀"
        #expect(HistoryEntry(canonical: entry.canonical) == entry)
        #expect(HistoryEntry(canonical: entry.canonical + [0x20]) == nil)
    }

    @Test("a changed entry is named, whichever it is", arguments: 1...5)
    func changed(number: Int) throws {
        let faults = tampered(try trail()) { rows in
            var forged = Self.entry(number)
            forged.actor = "bob"
            rows[number - 1] = rows[number - 1].with(canonical: forged.canonical)
        }
        #expect(named(faults) == ["changed \(number)"])
        #expect(faults[0].description.contains("entry \(number) was changed"))
    }

    @Test("a changed entry with a digest to match is named by its link", arguments: 1...5)
    func changedWithDigest(number: Int) throws {
        let subject = try subject()
        let faults = tampered(try trail()) { rows in
            let forged = Self.entry(9).canonical
            rows[number - 1] = rows[number - 1].with(
                digest: AuditChain.digest(of: forged, in: subject), canonical: forged)
        }
        #expect(named(faults) == ["changed \(number)"])
    }

    @Test("one that was linked anew is named by whatever comes after it: the next entry, or the head", arguments: 1...5)
    func relinked(number: Int) throws {
        let subject = try subject()
        let faults = tampered(try trail()) { rows in
            let forged = Self.entry(9).canonical
            let digest = AuditChain.digest(of: forged, in: subject)
            let last = number == 1 ? AuditChain.origin(of: subject) : rows[number - 2].link
            rows[number - 1] = AuditRow(
                number: number, link: AuditChain.link(after: last, number: number, digest: digest), digest: digest,
                canonical: forged)
        }
        #expect(named(faults) == [number == 5 ? "wrong_head 5" : "changed \(number + 1)"])
    }

    @Test("a dropped entry is named: the first, one of the middle, the last", arguments: 1...5)
    func dropped(number: Int) throws {
        #expect(named(tampered(try trail()) { $0.remove(at: number - 1) }) == ["dropped \(number)"])
    }

    @Test("a row of dropped entries is named once, and so are all")
    func droppedMany() throws {
        let faults = tampered(try trail()) { $0.removeSubrange(1..<3) }
        #expect(named(faults) == ["dropped 2"])
        #expect(faults[0].detail == "2 to 3 are not there")
        #expect(named(tampered(try trail()) { $0 = [] }) == ["dropped 1"])
        #expect(named(AuditTrail(of: try subject()).faults) == ["missing 0"])
    }

    @Test("entries in another order are named")
    func reordered() throws {
        #expect(named(tampered(try trail()) { $0.swapAt(1, 2) }) == ["reordered 2"])
        #expect(named(tampered(try trail()) { $0.append($0.removeFirst()) }) == ["reordered 1"])
    }

    @Test("an entry that is there twice is named")
    func repeated() throws {
        #expect(named(tampered(try trail()) { $0.insert($0[2], at: 3) }) == ["repeated 3"])
    }

    @Test("a changed digest and a changed link are named")
    func otherMembers() throws {
        #expect(
            named(tampered(try trail()) { $0[2] = $0[2].with(digest: String(repeating: "0", count: 64)) }) == ["changed 3"])
        #expect(
            named(tampered(try trail()) { $0[2] = $0[2].with(link: String(repeating: "0", count: 40)) })
                == ["changed 3", "changed 4"])
    }

    @Test("a changed number is named, by the place it left and by the one it took", arguments: [0, 2, 4, 6, 99])
    func otherNumber(number: Int) throws {
        let faults = named(tampered(try trail()) { $0[2] = $0[2].with(number: number) })
        #expect(faults.contains("dropped 3"))
        #expect(faults.contains { $0.hasSuffix(" \(number)") })
    }

    @Test("a trail that was moved to another payment is named from its first entry on, also where old ones have gone")
    func moved() throws {
        for count in [5, 700] {
            let trail = try trail(count)
            let moved = AuditTrail(of: try subject(Self.other), head: trail.head, rows: trail.rows)
            #expect(named(moved.faults).first == "changed \(trail.rows[0].number)")
            #expect(moved.faults.count == trail.rows.count)
        }
    }

    @Test("a head that counts less, more, or another link is named, and so is none")
    func head() throws {
        let trail = try trail()
        #expect(named(tampered(trail, head: AuditHead(number: 4, link: trail.rows[3].link)) { _ in }) == ["wrong_head 5"])
        #expect(named(tampered(trail, head: AuditHead(number: 6, link: "")) { _ in }) == ["dropped 6"])
        #expect(named(tampered(trail, head: AuditHead(number: 5, link: trail.rows[3].link)) { _ in }) == ["wrong_head 5"])
        #expect(named(AuditTrail(of: trail.subject, rows: trail.rows).faults) == ["wrong_head 1"])
        #expect(named(tampered(trail, head: AuditHead(number: 1_000_000_000_000, link: "")) { _ in }) == ["dropped 6"])
    }

    @Test("one that begins later than with 1 is whole only with as many as are kept")
    func trimmed() throws {
        let long = try trail(700)
        #expect(long.rows.count == 500)
        #expect(named(tampered(long) { $0.removeFirst() }) == ["dropped 201"])
        #expect(named(tampered(long) { $0.removeLast() }) == ["dropped 700"])
        #expect(named(tampered(try trail()) { $0.removeFirst(2) }) == ["dropped 1"])
    }

    @Test("subjects are read as they are written, and nothing else is one")
    func subjects() throws {
        for text in ["pay_00000000000000000000000001", "gateway:bank-a", "tenant:acme-123", "configuration"] {
            #expect(try #require(AuditSubject(text)).description == text)
        }
        for text in ["", "pay_1", "gateway:", "gateway", "gateway:../x", "tenant:a/b", "tenant:a:b", "configuration:x", "x:y"] {
            #expect(AuditSubject(text) == nil, "\(text)")
        }
    }
}

extension AuditRow {
    fileprivate func with(
        number: Int? = nil, link: String? = nil, digest: String? = nil, canonical: [UInt8]? = nil
    ) -> AuditRow {
        AuditRow(
            number: number ?? self.number, link: link ?? self.link, digest: digest ?? self.digest,
            canonical: canonical ?? self.canonical)
    }
}
