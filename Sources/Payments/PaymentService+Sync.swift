import AdapterKit

extension PaymentService {
    /// Operations that one sync asks about; a payment with more open ones is asked again.
    private static let operationsAsked = 20
    /// How often a change that meets another is tried again.
    private static let conflictTries = 10

    /// Asks the gateway now: about the payment while its state can still change, and about its open captures, voids and refunds.
    public func sync(_ id: PaymentID, call: Call) async -> Answer {
        await answering(call) { () async throws(Problem) -> Answer in
            _ = try await self.load(id, call)
            for operation in try await self.openOperations(of: id).prefix(Self.operationsAsked) {
                try await self.sync(operation, call: call)
            }
            let stored = try await self.load(id, call)
            if stored.canStillChange { try await self.sync(stored.record, call: call) }
            let record = try await self.load(id, call).record
            guard let details = try? PaymentDetails(sealed: record.sealed, of: id, vault: self.vault) else {
                throw self.unreadable(id.text)
            }
            return Answer(status: 200, body: record.json(details).encoded())
        }
    }

    func load(_ id: PaymentID, _ call: Call) async throws(Problem) -> StoredPayment {
        let stored = try await reachingStore { () async throws(StoreFailure) in
            try await self.store.payment(id, tenant: call.tenant)
        }
        guard let stored else { throw Problem(.notFound, "This tenant has no payment \(id).") }
        return stored
    }

    private func openOperations(of id: PaymentID) async throws(Problem) -> [OperationRecord] {
        try await reachingStore { () async throws(StoreFailure) in try await self.store.openOperations(of: id) }
    }

    private func sync(_ record: PaymentRecord, call: Call) async throws(Problem) {
        switch await ask(about: record) {
        case .found(let outcome, let asked, let heard):
            try await change(record.id, call) { stored in
                let before = stored.record
                stored.record.apply(outcome, decides: false)
                if stored.record != before { stored.record.append(asked, heard: heard) }
            }
        case .nothingHeld:
            try await change(record.id, call) { stored in
                // What was proved holds for the attempts that were looked at.
                if stored.isWithoutWord, stored.record.attempts == record.attempts { stored.record.becomeUnavailable() }
            }
        case .notFoundYet: break
        case .unanswered(let reason):
            throw Problem(.gatewaysUnavailable, "The gateway did not say what became of it (\(reason)).", retryAfter: 2)
        }
    }

    /// Applies a change to the payment as it stands, again if somebody else changed it meanwhile.
    private func change(_ id: PaymentID, _ call: Call, _ change: @Sendable (inout StoredPayment) -> Void) async throws(Problem) {
        for _ in 0..<Self.conflictTries {
            let stored = try await load(id, call)
            var next = stored
            change(&next)
            guard next.record != stored.record else { return }
            next.record.version += 1
            next.record.updatedAt = time.now()
            let settlement = Settlement(record: next.record, expectedVersion: stored.record.version, keeping: settings.keeping)
            let result = try await reachingStore { () async throws(StoreFailure) in try await self.store.settle(settlement) }
            guard case .done = result else { continue }
            return told(next.record, from: stored.record.status, call)
        }
        throw Problem(.stateStoreUnavailable, "The payment keeps changing. Ask again.", retryAfter: 1)
    }

    private func sync(_ operation: OperationRecord, call: Call) async throws(Problem) {
        let stored = try await load(operation.payment, call)
        guard let name = operation.gateway else { return }
        let command = OperationCommand(
            payment: stored, record: operation, reason: nil, lease: lease(forAttemptOf: routing.longestAttempt),
            claimed: time.monotonic(),
            isRepeat: true)
        guard let gateway = gateway(named: name, asWhen: command) else {
            throw Problem(.gatewaysUnavailable, "The gateway that holds the payment is not configured as it was.")
        }
        let (answer, asked, heard) = await exchange(
            command.inquiry, at: gateway, asking: stored.record, reference: operation.id.text)
        switch command.meaning(of: answer) {
        case .settles(let outcome):
            await settle(command, call: call, telling: FirstAnswer()) { payment, record in
                payment.append(asked, heard: heard)
                record.apply(outcome, to: &payment)
            }
        // Asking never sends: an operation that was not done stays open until it is repeated under a lease.
        case .notDone, .open: break
        case .unanswered(let reason):
            throw Problem(.gatewaysUnavailable, "The gateway did not say what became of it (\(reason)).", retryAfter: 2)
        }
    }
}

extension StoredPayment {
    /// Whether the gateway could have news: it is not final, and some gateway was asked. While a capture or void is open, that is
    /// asked about instead: its charge says the same, and only it knows the amount.
    fileprivate var canStillChange: Bool {
        !record.isFinal && record.status != .queued && record.lastChargeAttempt != nil && reservations.capturing == nil
    }

    /// Nobody is at work on it, and no gateway has taken it.
    fileprivate var isWithoutWord: Bool { !leased && record.status == .processing && record.processingReason != .awaitingGateway }
}

extension OperationCommand {
    /// What an inquiry says of an operation, rather than of its charge.
    enum Meaning: Sendable {
        case settles(Outcome)
        /// It has not happened so far.
        case notDone
        /// The gateway is still at it.
        case open
        case unanswered(reason: String)
    }

    var inquiry: Operation {
        let charge = payment.record
        guard record.kind == .refund else {
            return .inquiry(.init(charge: charge.id.text, gatewayReference: charge.gatewayReference, money: charge.money))
        }
        return .refundInquiry(
            .init(
                reference: record.id.text, charge: charge.id.text, gatewayReference: charge.gatewayReference,
                money: Money(minorUnits: record.amount, currency: charge.money.currency)))
    }

    /// A capture or void is judged by the state of its charge, a refund by its own answer.
    func meaning(of answer: InquiryAnswer) -> Meaning {
        switch answer {
        case .unanswered(let reason): return .unanswered(reason: reason)
        case .notFound: return record.kind == .refund ? .notDone : .unanswered(reason: "charge_not_found")
        case .found(let outcome):
            if record.kind == .refund { return outcome.kind == .pending ? .open : .settles(outcome) }
            guard case .approved(let approval) = outcome else { return .open }
            return approval.state == .authorized ? .notDone : .settles(outcome)
        }
    }
}
