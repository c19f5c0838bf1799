import AdapterKit
public import Payments
import Testing

/// A callback store to check, fresh and empty, with a way to let its own clock run on.
public struct CallbackStoreUnderTest: Sendable {
    public let store: any CallbackStore
    /// Returns when at least so much time has passed on the store's clock.
    public let elapse: @Sendable (Duration) async throws -> Void

    public init(store: any CallbackStore, elapse: @escaping @Sendable (Duration) async throws -> Void) {
        self.store = store
        self.elapse = elapse
    }

    /// Runs them all at once; what each gave, in no order.
    func race<Result: Sendable>(
        _ count: Int, _ body: @escaping @Sendable (any CallbackStore, Int) async throws -> Result
    ) async throws -> [Result] {
        try await withThrowingTaskGroup { group in
            for number in 0..<count { group.addTask { try await body(store, number) } }
            return try await group.reduce(into: []) { $0.append($1) }
        }
    }
}

/// One sentence of what every callback store does. Both stores pass all of them:
/// `@Test(arguments: CallbackStoreConformance.all) func conforms(_ check: CallbackStoreConformance) async throws`.
public struct CallbackStoreConformance: Sendable, CustomStringConvertible {
    public let description: String
    public let run: @Sendable (CallbackStoreUnderTest) async throws -> Void

    init(_ description: String, _ run: @escaping @Sendable (CallbackStoreUnderTest) async throws -> Void) {
        self.description = description
        self.run = run
    }

    public static let all = marks + references + keeping + listing

    /// Longer than any check takes.
    static let long = Duration.seconds(600)
    /// Over soon, though not before the next step.
    static let short = Duration.milliseconds(200)

    static func id(_ number: Int = 1) throws -> CallbackID {
        let digits = String(number)
        return try #require(CallbackID(CallbackID.prefix + String(repeating: "0", count: 26 - digits.count) + digits))
    }

    static func work(_ number: Int = 1) throws -> WorkID {
        let digits = String(number)
        return WorkID(try #require(PaymentID("pay_" + String(repeating: "0", count: 26 - digits.count) + digits)))
    }

    static func callback(
        _ number: Int = 1, _ kind: KeptCallback.Kind = .unmatched, at gateway: String = "bank-a", sealed: [UInt8] = [0, 255, 13]
    ) throws -> KeptCallback {
        KeptCallback(
            id: try id(number), gateway: gateway, kind: kind, eventID: kind == .malformed ? nil : "evt_\(number)",
            subject: kind == .malformed ? nil : CallbackSubject(charge: "pay_x", gatewayReference: "ch_\(number)"),
            outcome: kind == .malformed ? nil : .approved, receivedAt: Timestamp(milliseconds: 1_767_225_600_123), sealed: sealed)
    }

    static func decision(_ number: Int) throws -> CallbackDecision {
        CallbackDecision(
            callback: try id(number), gateway: "bank-a", kind: .unmatched, eventID: "evt_\(number)", verdict: .discarded,
            work: nil, result: nil, actor: "ann", reason: "ours is another \"bank\"",
            at: Timestamp(milliseconds: 1_767_225_600_123))
    }

    static func failure(_ body: () async throws -> Void) async throws -> StoreFailure.Code? {
        do {
            try await body()
            return nil
        } catch let failure as StoreFailure {
            return failure.code
        }
    }
}
