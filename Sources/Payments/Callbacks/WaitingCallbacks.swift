import AdapterKit
import Logging

/// Looks at the callbacks that wait, from time to time: for a replica that died between learning what one speaks of and taking it
/// in. Every replica runs one; a callback that two take in is applied once.
public struct WaitingCallbacks: Sendable {
    /// Looked at in one pass; the next one goes on behind them.
    private static let pageSize = 200

    private let service: PaymentService
    private let interval: Duration

    /// - Parameter interval: between two passes.
    public init(service: PaymentService, interval: Duration = .seconds(30)) {
        self.service = service
        self.interval = interval
    }

    /// Until cancelled.
    public func run() async {
        var cursor: String?
        while !Task.isCancelled {
            try? await service.time.sleep(for: interval)
            cursor = await pass(after: cursor)
        }
    }

    /// One page.
    /// - Returns: where the next pass goes on; `nil`: from the start.
    package func pass(after cursor: String?) async -> String? {
        do throws(StoreFailure) {
            let page = try await service.callbacks.listed(.unmatched, after: cursor, limit: Self.pageSize)
            let now = service.time.now()
            try await service.takeIn(page.callbacks.filter { now - $0.receivedAt < KeptCallback.patience }.map(\.id))
            return page.next
        } catch {
            service.logger.warning("waiting callbacks not looked at", metadata: ["code": "\(error.code.rawValue)"])
            return nil
        }
    }
}
