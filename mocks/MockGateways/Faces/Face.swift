import AdapterKit

/// How a gateway speaks: reads requests into what the bank can be asked, and writes the bank's answers and callbacks. The books, the
/// misbehaviours and the connections are the bank's and the same for every face.
protocol Face: Sendable {
    /// Judges a whole request and says what it asks for. Moves no money. May keep small state of its own, such as tokens.
    /// - Parameter books: to find what a request names by the gateway's own ids.
    func read(_ request: CollectedRequest, in books: Books, at now: Timestamp) -> Reading

    /// The gateway's own code for a decline, which charges and refunds then carry.
    func declineCode(for category: FailureCategory) -> String

    /// Whether the gateway calls back for this at all.
    func tells(of occurrence: Occurrence) -> Bool

    /// One callback, made and signed anew for every try; `nil` where it cannot be signed.
    /// - Parameter told: never empty, at most `occurrencesPerCallback`.
    func callback(telling told: [Occurrence], _ seal: Seal) -> CallbackPost?

    /// How many things that happened together one callback tells.
    var occurrencesPerCallback: Int { get }

    /// Whether callbacks are proved by the client certificate alone: a forged one then comes without it.
    var provesCallbacksByCertificate: Bool { get }

    /// Whether an answer of the receiver means that it has the event.
    func acknowledges(_ status: Int) -> Bool

    /// Forgets the state of its own.
    func reset()
}

extension Face {
    func tells(of occurrence: Occurrence) -> Bool { true }
    var occurrencesPerCallback: Int { 1 }
    var provesCallbacksByCertificate: Bool { false }
    func acknowledges(_ status: Int) -> Bool { status == 200 || status == 204 }
    func reset() {}
}
