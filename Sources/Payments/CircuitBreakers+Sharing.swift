import Logging
import Resilience

extension CircuitBreakers {
    private static let backoff = Backoff(base: .milliseconds(100), ceiling: .seconds(1))

    /// Forces a breaker for the whole fleet, or gives it back to the results.
    ///
    /// - Parameters:
    ///   - reason: shown to operators; no secret.
    ///   - limit: after it the breaker is closed again; `nil`: it stays. Takes no part in `closed`.
    /// - Throws: when the store did not do it, or did not say so: then it may hold or not.
    public func force(
        _ gateway: String, _ order: BreakerOrder, reason: String, actor: String, limit: Duration?
    ) async throws(StoreFailure) {
        if let store {
            try await store.force(gateway, order, reason: reason, actor: actor, limit: limit)
            adopt(try await store.breakers(of: [gateway]))
        } else {
            let before = status(of: gateway)?.state
            let entry = HistoryEntry.forced(gateway, from: before, order, reason: reason, by: actor, limit: limit, at: time.now())
            try await audit?.append(entry, to: .gateway(gateway))
            _ = change(gateway) { $0.force(order, reason: reason, actor: actor, limit: limit, at: $1) }
        }
    }

    /// Follows what the fleet decides and reports what happens here, until the task is cancelled. Called once.
    public func run() async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.reporting() }
            if let store { group.addTask { await store.follow({ self.gateways }) { self.adopt($0) } } }
        }
    }

    private func adopt(_ breakers: [String: SharedBreaker]) {
        for (gateway, shared) in breakers { _ = change(gateway) { $0.adopt(shared, at: $1) } }
    }

    // MARK: Reporting

    private func reporting() async {
        var failures = 0
        for await _ in wakes.stream {
            guard let failure = await reportAll() else {
                failures = 0
                continue
            }
            // Only the first of a row of failures is news.
            logger.log(level: failures == 0 ? .warning : .debug, "cannot report to the breaker store: \(failure.detail)")
            failures += 1
            try? await time.sleep(for: Self.backoff.delay(afterAttempt: failures, unit: random.unit()))
        }
    }

    private func reportAll() async -> StoreFailure? {
        var failure: StoreFailure?
        for gateway in gateways { failure = await reportNews(of: gateway) ?? failure }
        return failure
    }

    private func reportNews(of gateway: String) async -> StoreFailure? {
        let news = change(gateway) { entry, _ in
            (outbox: entry.takeOutbox(), generation: entry.breaker.sharedGeneration, settings: entry.breaker.settings)
        }
        guard let news, let store, !news.outbox.isEmpty else { return nil }
        do throws(StoreFailure) {
            try await send(news.outbox, report(gateway, generation: news.generation, news.settings), to: store)
            return nil
        } catch {
            // Nobody else will decide these: this replica goes on with its own view.
            for end in news.outbox.probeEnds { settle(end, gateway) }
            return error
        }
    }

    private func send(
        _ outbox: BreakerEntry.Outbox, _ report: BreakerReport, to store: any BreakerStore
    ) async throws(StoreFailure) {
        for end in outbox.probeEnds {
            let then = self.report(report.gateway, generation: end.lease.generation, report.settings)
            try await store.endProbe(end.lease.token, end.result, then)
        }
        if outbox.hasSucceeded { try await store.reportSuccess(report) }
        if outbox.failures > 0 { try await store.reportFailures(outbox.failures, id: token(), report) }
        if outbox.hasTripped { try await store.reportTrip(report) }
    }

    private func settle(_ end: BreakerEntry.ProbeEnd, _ gateway: String) {
        _ = change(gateway) { entry, now in
            // Slowness is in the verdict already.
            entry.breaker.record(end.result.decided, duration: .zero, generation: end.probe.generation, at: now)
        }
    }
}
