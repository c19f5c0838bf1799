public import Payments

/// A store to check, fresh and empty, with a way to let its own clock run on.
public struct StoreUnderTest: Sendable {
    public let store: any PaymentStore
    /// Returns when at least so much time has passed on the store's clock.
    public let elapse: @Sendable (Duration) async throws -> Void
    /// The events of a payment that wait for their relay, oldest first.
    public let outbox: @Sendable (PaymentID) async throws -> [PaymentEvent]

    public init(
        store: any PaymentStore, elapse: @escaping @Sendable (Duration) async throws -> Void,
        outbox: @escaping @Sendable (PaymentID) async throws -> [PaymentEvent]
    ) {
        self.store = store
        self.elapse = elapse
        self.outbox = outbox
    }
}

/// One sentence of what every payment store does. Both stores pass all of them:
/// `@Test(arguments: PaymentStoreConformance.all) func conforms(_ check: PaymentStoreConformance) async throws`.
public struct PaymentStoreConformance: Sendable, CustomStringConvertible {
    public let description: String
    public let run: @Sendable (StoreUnderTest) async throws -> Void

    init(_ description: String, _ run: @escaping @Sendable (StoreUnderTest) async throws -> Void) {
        self.description = description
        self.run = run
    }

    public static let all = whateverTheQuota + quotas

    /// Those that say nothing of quotas.
    static let whateverTheQuota =
        claims + operations + settlements + keeping + reading + recovery + burying + reversals + shelves + histories + trails
        + callbacks + marks + outbox
}
