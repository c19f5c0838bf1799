import Logging
import Resilience

extension CircuitBreakers {
    /// How long a replica leaves the probe to whoever has it, unless it hears more before.
    private static let patience = Duration.seconds(1)

    // MARK: Permits

    /// For a payment or an authorization. Asks the store only where the call would be the fleet's probe.
    public func permit(_ gateway: String) async -> BreakerPermit {
        let decision = change(gateway) { entry, now in
            entry.breaker.isDue(at: now) && entry.isAwaited ? .refuse : entry.breaker.permit(at: now)
        }
        switch decision {
        case .proceed(let generation): return .proceed(generation: generation)
        case .probe(let generation): return await probe(gateway, generation).map { .probe($0) } ?? .refused
        case .refuse: return .refused
        case nil: return .proceed(generation: 0)
        }
    }

    /// For an inquiry or a reversal: it passes at once where the breaker is closed, else when its turn comes, also where the
    /// breaker is forced open. Where a probe is due, it is the probe.
    ///
    /// - Parameter until: monotonic; waits no longer.
    /// - Returns: `refused` when its turn did not come in time or the task was cancelled while it waited.
    public func inquiryPermit(_ gateway: String, until: Duration) async -> BreakerPermit {
        if let generation = freePassage(gateway) { return .proceed(generation: generation) }
        guard let line = line(of: gateway) else { return .proceed(generation: 0) }
        guard await line.enter(until: until) else { return .refused }
        switch change(gateway, { $0.breaker.permit(at: $1) }) {
        case .probe(let generation): return .turn(await probe(gateway, generation))
        case .refuse, nil: return .turn(nil)
        case .proceed(let generation):
            line.leave()
            return .proceed(generation: generation)
        }
    }

    /// The generation, where nobody needs to wait for a turn.
    private func freePassage(_ gateway: String) -> Int? {
        let generation = change(gateway) { entry, now -> Int? in
            switch entry.breaker.state(at: now) {
            case .closed, .forcedClosed: entry.breaker.generation
            case .open, .halfOpen, .forcedOpen: nil
            }
        }
        return generation ?? nil
    }

    /// Makes this replica's right to probe the fleet's, where it is the fleet's breaker that is open.
    private func probe(_ gateway: String, _ generation: Int) async -> BreakerProbe? {
        guard let store, let report = sharedReport(gateway) else { return BreakerProbe(generation: generation, lease: nil) }
        let lease = BreakerProbe.Lease(generation: report.generation, token: token())
        do throws(StoreFailure) {
            guard try await store.takeProbe(lease.token, report) else {
                leaveProbe(gateway, generation)
                return nil
            }
            return confirm(BreakerProbe(generation: generation, lease: lease), lease, gateway)
        } catch {
            logger.debug("cannot ask for the right to probe: \(error.detail)", metadata: ["gateway": "\(gateway)"])
            return confirm(BreakerProbe(generation: generation, lease: lease, isUnconfirmed: true), lease, gateway)
        }
    }

    /// The state may have changed while the store was asked: then the right goes back.
    private func confirm(_ probe: BreakerProbe, _ lease: BreakerProbe.Lease, _ gateway: String) -> BreakerProbe? {
        if isCurrent(probe.generation, gateway) { return probe }
        endProbe(probe, lease, gateway, .neutral, duration: .zero)
        return nil
    }

    private func isCurrent(_ generation: Int, _ gateway: String) -> Bool {
        change(gateway) { entry, _ in entry.breaker.generation == generation } ?? false
    }

    private func leaveProbe(_ gateway: String, _ generation: Int) {
        _ = change(gateway) { entry, now in
            if entry.breaker.generation == generation { entry.breaker.postponeProbe(until: now + Self.patience) }
        }
    }

    private func sharedReport(_ gateway: String) -> BreakerReport? {
        let report = change(gateway) { entry, _ -> BreakerReport? in
            let breaker = entry.breaker
            return breaker.isShared ? self.report(gateway, generation: breaker.sharedGeneration, breaker.settings) : nil
        }
        return report ?? nil
    }

    // MARK: Results

    /// What became of a call. Never waits and never fails: what the fleet should know is reported in the background.
    ///
    /// - Parameter duration: of the exchange itself, without any waiting before it.
    public func record(_ permit: BreakerPermit, _ gateway: String, _ result: CallResult, duration: Duration) {
        switch permit {
        case .refused: return
        case .proceed(let generation): record(generation, gateway, result, duration: duration)
        case .probe(let probe): record(probe, gateway, result, duration: duration)
        case .turn(let probe):
            if let probe { record(probe, gateway, result, duration: duration) }
            line(of: gateway)?.leave()
        }
    }

    private func record(_ probe: BreakerProbe, _ gateway: String, _ result: CallResult, duration: Duration) {
        if probe.lease == nil || probe.isUnconfirmed { record(probe.generation, gateway, result, duration: duration) }
        if let lease = probe.lease { endProbe(probe, lease, gateway, result, duration: duration) }
    }

    private func record(_ generation: Int, _ gateway: String, _ result: CallResult, duration: Duration) {
        let isNews = change(gateway) { entry, now in
            entry.record(result, duration: duration, generation: generation, at: now)
            return !entry.outbox.isEmpty
        }
        if isNews == true { wakes.continuation.yield() }
    }

    /// The fleet's breaker moves by the store's word, which comes back with the changes that are followed.
    private func endProbe(
        _ probe: BreakerProbe, _ lease: BreakerProbe.Lease, _ gateway: String, _ result: CallResult, duration: Duration
    ) {
        _ = change(gateway) { entry, _ in entry.end(probe, lease, result, duration: duration) }
        wakes.continuation.yield()
    }
}
