import AdapterKit
import FoundationEssentials
import Logging
import Metrics

/// Callbacks that came before what they speak of (contract/callbacks.md): taken in when it appears.
extension PaymentService {
    /// Binds the gateways' references that a change has learned.
    /// - Returns: the callbacks that wait for them.
    func bind(_ next: Held.Work, since before: Held.Work) async -> [CallbackID] {
        var waiting: [CallbackID] = []
        for (reference, work) in learned(next, since: before) {
            do { waiting += try await callbacks.bind(reference, to: work, for: settings.keeping.retention) } catch {
                logger.warning(
                    "gateway's reference not bound: a callback that names only it will wait for an operator",
                    metadata: ["payment": "\(work.payment)", "code": "\(error.code.rawValue)"])
            }
        }
        return waiting
    }

    private func learned(_ next: Held.Work, since before: Held.Work) -> [(GatewayReference, WorkID)] {
        var learned: [(GatewayReference, WorkID)] = []
        let payment = next.payment
        func add(_ value: String?, _ known: String?, _ gateway: String?, _ work: WorkID) {
            guard let value, value != known, let gateway, routing.gateway(named: gateway)?.callback != nil else { return }
            learned.append((GatewayReference(value, at: gateway), work))
        }
        add(payment.gatewayReference, before.payment.gatewayReference, payment.gateway, WorkID(payment.id))
        if let refund = next.operation, refund.kind == .refund {
            add(
                refund.gatewayReference, before.operation?.gatewayReference, refund.gateway, WorkID(payment.id, refund.id))
        }
        return learned
    }

    /// Beside the work that learned of them.
    func takeInLater(_ waiting: [CallbackID]) {
        if !waiting.isEmpty { beside { () async throws(StoreFailure) in try await self.takeIn(waiting) } }
    }

    /// Another gateway is tried from now on: its callbacks may have been waiting for that.
    func lookForWaiting(_ id: PaymentID) {
        beside { () async throws(StoreFailure) in try await self.takeIn(try await self.store.waiting(for: id)) }
    }

    private func beside(_ body: @escaping @Sendable () async throws(StoreFailure) -> Void) {
        inFlight.begin()
        Task(executorPreference: settings.executor) { [logger, inFlight] in
            do throws(StoreFailure) { try await body() } catch {
                logger.warning("waiting callbacks not taken in yet", metadata: ["code": "\(error.code.rawValue)"])
            }
            inFlight.end()
        }
    }

    /// Hears what waits. What matches nothing goes on waiting; what cannot be read is left to an operator and delays no other (R8).
    func takeIn(_ waiting: [CallbackID]) async throws(StoreFailure) {
        for id in waiting {
            do throws(StoreFailure) { try await takeIn(id) } catch {
                guard error.code == .unreadable else { throw error }
                logger.error("waiting callback or its payment cannot be read", metadata: ["callback": "\(id)"])
            }
        }
    }

    private func takeIn(_ id: CallbackID) async throws(StoreFailure) {
        guard let kept = try await callbacks.kept(id) else { return }
        let event: CallbackEvent
        do throws(VaultFailure) {
            guard let opened = try kept.event(vault) else { throw VaultFailure(reason: .malformed) }
            event = opened
        } catch {
            Unreadable.report(id.text, error, logger)
            throw StoreFailure(code: .unreadable, detail: "no key opens it")
        }
        let reception = try await hear(event, at: kept.gateway)
        guard reception != .unmatched else { return }
        Self.count(reception.rawValue, at: kept.gateway)
        logger.info(
            "waiting callback taken in",
            metadata: ["callback": "\(id)", "gateway": "\(kept.gateway)", "result": "\(reception.rawValue)"])
        try await callbacks.drop(id)
    }
}

extension PaymentService {
    /// config.md, `drawbridge_callbacks_total`.
    static func count(_ result: String, at gateway: String) {
        Counter(label: "drawbridge_callbacks_total", dimensions: [("gateway", gateway), ("result", result)]).increment()
    }
}

extension PaymentRecord {
    /// Whether a gateway is tried that was not tried before.
    func triesAnother(than before: PaymentRecord) -> Bool {
        guard attempts.count > before.attempts.count else { return false }
        return !Set(chargedGateways).isSubset(of: before.chargedGateways)
    }
}

extension KeptCallback {
    /// `nil` for a malformed one.
    func event(_ vault: Vault) throws(VaultFailure) -> CallbackEvent? {
        guard kind == .unmatched else { return nil }
        let plain = try vault.open(sealed, for: id.text)
        return try? JSONDecoder().decode(CallbackEvent.self, from: Data(plain))
    }
}
