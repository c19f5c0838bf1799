import Logging
import Payments
import ServiceLifecycle

/// A replica's start and stop in the trail of the configuration.
///
/// It stands before the listeners in the order of services: what it writes at the end comes after the last payment, while the
/// store's connections are still there.
struct ReplicaLife: Service {
    private static let pause = Duration.seconds(2)

    let composition: Composition

    func run() async throws {
        await cancelWhenGracefulShutdown {
            while await !tell("replica.started"), !Task.isCancelled { try? await composition.time.sleep(for: Self.pause) }
            try? await gracefulShutdown()
        }
        _ = await tell("replica.stopped")
    }

    /// - Returns: whether the store has it.
    private func tell(_ event: String) async -> Bool {
        let entry = HistoryEntry.system(
            event, of: composition.breakers.replica, to: composition.configuration.digest, at: composition.time.now())
        do { try await composition.auditLog.append(entry, to: .configuration) } catch {
            composition.logger.warning(
                "audit trail not written", metadata: ["event": "\(event)", "code": "\(error.code.rawValue)"])
            return false
        }
        return true
    }
}
