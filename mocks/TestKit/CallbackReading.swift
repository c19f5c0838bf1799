import AdapterKit

/// What an adapter made of a callback, proved and not.
struct CallbackReading: Equatable {
    let events: Result<[CallbackEvent], CallbackFailure>
    let subjects: Result<[CallbackSubject], CallbackFailure>

    init(_ body: [UInt8], like fixture: CallbackFixture, by adapter: some GatewayAdapter) {
        let proved = VerifiedCallback(
            target: fixture.target, headers: fixture.headers, body: body, eventID: fixture.eventID)
        let unproven = UnprovenCallback(target: fixture.target, headers: fixture.headers, body: body)
        events = Result { () throws(CallbackFailure) in try adapter.events(from: proved) }
        subjects = Result { () throws(CallbackFailure) in try adapter.subjects(of: unproven) }
    }

    /// Neither way was anything made of it.
    var isRefused: Bool { (try? events.get()) == nil && (try? subjects.get()) == nil }

    /// What is proved speaks of the same as what is not.
    var agrees: Bool {
        guard let events = try? events.get() else { return true }
        return (try? subjects.get()) == events.map(\.subject)
    }

    /// Ids of 1 to 128 printable ASCII characters, a name for whom it is about, and closed words for what cannot be read.
    var isBounded: Bool {
        let events = (try? events.get()) ?? []
        let subjects = events.map(\.subject) + ((try? subjects.get()) ?? [])
        return events.allSatisfy { Self.isPrintable($0.id) } && subjects.allSatisfy(\.isNamed) && reasons.allSatisfy(Self.isWord)
    }

    /// In the words that fixtures use.
    var json: JSON {
        switch events {
        case .success(let events): .members([("events", .array(events.map(\.json)))])
        case .failure(let failure): .members([("failure", .string(failure.reason))])
        }
    }

    private var reasons: [String] {
        var reasons: [String] = []
        if case .failure(let failure) = events { reasons.append(failure.reason) }
        if case .failure(let failure) = subjects { reasons.append(failure.reason) }
        return reasons
    }

    private static func isPrintable(_ id: String) -> Bool {
        (1...128).contains(id.utf8.count) && id.utf8.allSatisfy { (0x20...0x7E).contains($0) }
    }

    private static func isWord(_ reason: String) -> Bool {
        (1...40).contains(reason.utf8.count) && reason.utf8.allSatisfy { (0x61...0x7A).contains($0) || $0 == UInt8(ascii: "_") }
    }
}

extension CallbackSubject {
    fileprivate var isNamed: Bool {
        let names = [kind == .charge ? charge : refund, gatewayReference].compactMap { $0 }
        return !names.isEmpty && !names.contains("")
    }
}

extension CallbackEvent {
    fileprivate var json: JSON {
        .present([
            ("id", .string(id)), ("kind", .string(subject.kind.rawValue)), ("charge", .given(subject.charge)),
            ("refund", .given(subject.refund)), ("gateway_reference", .given(subject.gatewayReference)),
            ("amount", money.map { .integer($0.minorUnits) }), ("currency", .given(money?.currency.code)),
            ("outcome", outcome.json),
        ])
    }
}
