import Logging
import Synchronization

/// Takes over what nobody works on and whose time has come (R1 to R5): leases of dead owners, outcomes that are not known, queued
/// payments, reversals. Every replica runs one; the lease decides who has which.
public final class Recovery: Sendable {
    /// Work in flight for one gateway, and in all: what fails delays only itself (R8).
    private static let perLane = 16
    private static let inAll = 128
    /// Items of one bucket looked at in one pass.
    private static let pageSize = 200

    private let service: PaymentService
    private let interval: Duration
    private let lanes = Mutex<[String: Int]>([:])

    /// - Parameter interval: between two looks at what is due.
    public init(service: PaymentService, interval: Duration = .seconds(2)) {
        self.service = service
        self.interval = interval
    }

    /// Until cancelled.
    public func run() async {
        while !Task.isCancelled {
            await pass()
            try? await service.time.sleep(for: interval)
        }
    }

    /// Begins all that is due and has room. Returns before it is done.
    package func pass() async {
        guard !service.inFlight.isDraining else { return }
        let due: [DueWork]
        do { due = try await service.store.due(limit: Self.pageSize) } catch {
            service.logger.warning(
                "recovery cannot look for work", metadata: ["code": "\(error.code.rawValue)", "detail": "\(error.detail)"])
            return
        }
        for work in due where enter(work.lane) {
            service.inFlight.begin()
            Task(executorPreference: service.settings.executor) { [service] in
                await service.recover(work.id)
                service.inFlight.end()
                self.leave(work.lane)
            }
        }
    }

    private func enter(_ lane: String) -> Bool {
        lanes.withLock { lanes in
            guard lanes[lane, default: 0] < Self.perLane, lanes.values.reduce(0, +) < Self.inAll else { return false }
            lanes[lane, default: 0] += 1
            return true
        }
    }

    private func leave(_ lane: String) {
        lanes.withLock { lanes in
            lanes[lane, default: 1] -= 1
            if lanes[lane] == 0 { lanes[lane] = nil }
        }
    }
}

extension PaymentService {
    /// Nobody waits: there is time to see a gateway fail, to have it proved that it holds nothing, and to try the next.
    private static let recoveryPass = Duration.seconds(20)

    /// Takes the lease and goes on where the work stands. Somebody else may be faster.
    func recover(_ id: WorkID) async {
        let lease = lease(forAttemptOf: routing.longestAttempt)
        let claimed = time.monotonic()
        let taken: StoredWork
        do {
            guard case .taken(let stored) = try await store.take(id, lease: lease) else { return }
            taken = stored
        } catch {
            return await couldNotTake(id, error)
        }
        let held = Held(taken, lease: lease, claimed: claimed, caller: nil)
        let end = claimed + max(settings.deadline, Self.recoveryPass)
        switch taken.operation?.record.kind {
        case nil: await recoverCharge(held, until: end)
        case .reversal: await reverse(held, until: end)
        case .capture, .void, .refund: await operate(held, isRepeat: true, until: end)
        }
    }

    private func recoverCharge(_ start: Held, until end: Duration) async {
        // A void of a queued payment is under way: it decides.
        if start.payment.status == .queued, start.stored.payment.reservations.capturing != nil {
            var held = start
            return await commit(&held, .rest)
        }
        let details = opened(start.payment, nil)
        var held = start
        var purpose: ChargePass.Purpose = start.payment.status == .queued ? .queue : .recovery
        if settings.mutation == .redriveElsewhere, held.payment.schedule == nil {
            held.change { work, _ in for attempt in work.payment.attempts { work.payment.resolve(.notHeld, at: attempt.gateway) }
            }
            purpose = .queue
        }
        await charge(held, details.flatMap(Content.init), purpose: purpose, until: end)
    }

    /// A record that cannot be read is a dead letter, not a crash (R8).
    private func couldNotTake(_ id: WorkID, _ failure: StoreFailure) async {
        logger.error("recovery could not take work", metadata: ["work": "\(id)", "code": "\(failure.code.rawValue)"])
        guard failure.code == .unreadable else { return }
        try? await store.bury(id, reason: .unreadable)
    }
}
