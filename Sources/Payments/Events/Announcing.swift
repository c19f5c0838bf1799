import AdapterKit
import Logging

/// Makes the events that a change is told with (openapi.yaml, `Event`). Written with the change, in one step.
struct Announcing: Sendable {
    /// What is rendered and perhaps encrypted already: the answer to the caller shows the same.
    struct Shown: Sendable {
        let body: [UInt8]
        let sealed: [UInt8]?
    }

    let vault: Vault
    let logger: Logger

    /// What is news since the last event; notes in the records that it is told.
    /// - Parameters:
    ///   - isResting: whether nobody goes on with it at once: what is on its way is no news.
    ///   - shown: by the id of the payment or refund.
    func events(
        _ payment: inout PaymentRecord, _ operation: inout OperationRecord?, cause: HistoryEntry.Cause, at now: Timestamp,
        isResting: Bool = true, shown: [String: Shown] = [:]
    ) -> [PaymentEvent] {
        var events: [PaymentEvent] = []
        if let kind = payment.news, isResting || payment.status != .processing {
            payment.told = kind.rawValue
            let record = payment
            let sealed = sealed(record.id.text, shown) { record.json(details(of: record)) }
            events.append(record.event(kind, of: record.id.text, version: record.version, cause, at: now, sealed))
        }
        if var refund = operation, let kind = refund.news, isResting || refund.status != .processing {
            refund.told = kind.rawValue
            operation = refund
            let record = refund
            let currency = payment.money.currency
            let sealed = sealed(refund.id.text, shown) { record.json(currency: currency, reason: reason(of: record)) }
            events.append(payment.event(kind, of: refund.id.text, version: refund.version, cause, at: now, sealed))
        }
        return events
    }

    /// What no key opens any more is told without it: an event must not be lost for that.
    private func details(of record: PaymentRecord) -> PaymentDetails {
        do { return try PaymentDetails(sealed: record.sealed, of: record.id, vault: vault) } catch {
            Unreadable.report(record.id.text, error, logger)
            return PaymentDetails(unreadable: record.methodKind)
        }
    }

    /// Why a refund was asked for; `nil` where nobody said, or it cannot be opened.
    func reason(of operation: OperationRecord) -> String? {
        do { return try openReason(of: operation) } catch {
            Unreadable.report(operation.id.text, error, logger)
            return nil
        }
    }

    func openReason(of operation: OperationRecord) throws(VaultFailure) -> String? {
        let plain = try vault.open(operation.sealed, for: operation.id.text)
        guard let json = try? JSON(parsing: plain) else { throw VaultFailure(reason: .malformed) }
        return json.text
    }

    private func sealed(_ object: String, _ shown: [String: Shown], _ render: () -> JSON) -> [UInt8] {
        if let sealed = shown[object]?.sealed { return sealed }
        guard let sealed = try? vault.seal(shown[object]?.body ?? render().encoded(), for: object) else {
            // AES-GCM takes any bytes under a key of the right length, which the vault has seen to.
            logger.critical("event cannot be encrypted", metadata: ["record": "\(object)"])
            return []
        }
        return sealed
    }
}

extension PaymentRecord {
    /// The event that its state calls for, unless it is the one that was told last. Work in flight is none.
    fileprivate var news: PaymentEvent.Kind? {
        guard status != .processing || processingReason != .inFlight else { return nil }
        let kind = PaymentEvent.Kind(rawValue: "payment.\(status.rawValue)")
        return kind?.rawValue == told ? nil : kind
    }

    fileprivate func event(
        _ kind: PaymentEvent.Kind, of object: String, version: Int, _ cause: HistoryEntry.Cause, at now: Timestamp,
        _ sealed: [UInt8]
    ) -> PaymentEvent {
        PaymentEvent(
            tenant: tenant, payment: id, object: object, version: version, kind: kind, cause: cause, createdAt: now,
            sealed: sealed)
    }
}

extension OperationRecord {
    /// Only refunds have events of their own; captures and voids show in their payment.
    fileprivate var news: PaymentEvent.Kind? {
        guard kind == .refund else { return nil }
        let news = PaymentEvent.Kind(rawValue: "refund.\(status.rawValue)")
        return news?.rawValue == told ? nil : news
    }
}
