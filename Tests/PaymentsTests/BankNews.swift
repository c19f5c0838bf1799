import AdapterKit
import Payments
import Synchronization
import TestKit
import Testing

/// What the reference bank posts of a charge or refund (protocols/bank-hmac.md, "Callbacks").
struct BankNews {
    var eventID = "evt_1"
    var status = "APPROVED"
    var charge: String?
    /// Set: it speaks of this refund of the charge.
    var refund: String?
    var bankReference: String? = "bank-1"
    var amount: Int64 = 1_000
    var currency = "EUR"
    /// Whether it speaks of a refund of the charge.
    var isRefund = false

    var body: String { String(decoding: json.encoded(), as: UTF8.self) }

    var json: JSON {
        .members([
            ("event_id", .string(eventID)), ("type", .string(isRefund ? "refund.updated" : "charge.updated")),
            ("occurred_at", .string("2026-01-01T00:00:00Z")), ("data", isRefund ? refundData : chargeData),
        ])
    }

    private var chargeData: JSON {
        let action = JSON.members([("type", .string("redirect")), ("url", .string("https://bank.test/act"))])
        return .members([
            ("bank_reference", .optional(bankReference)), ("reference", .optional(charge)), ("status", .string(status)),
            ("amount", .integer(amount)), ("currency", .string(currency)),
            ("captured_amount", .integer(status == "APPROVED" ? amount : 0)), ("refunded_amount", .integer(0)),
            ("code", .null), ("message", .null), ("action", status == "ACTION_REQUIRED" ? action : .null),
        ])
    }

    private var refundData: JSON {
        .members([
            ("bank_reference", .optional(bankReference)), ("reference", .optional(refund)),
            ("charge_reference", .optional(charge)), ("status", .string(status)), ("amount", .integer(amount)),
        ])
    }
}

/// What a gateway posts here, and what is kept of it.
extension World {
    private static let nonces = Atomic(0)

    /// The id of a payment that nobody made.
    static let nobodys = "pay_" + String(repeating: "0", count: 26)

    /// An approval of the payment, but for what is changed.
    func news(_ status: String = "APPROVED", _ change: (inout BankNews) -> Void = { _ in }) throws -> BankNews {
        var news = BankNews(status: status, charge: try id().text)
        change(&news)
        return news
    }

    /// As it would be signed now.
    func callback(_ news: BankNews, at gateway: String = "bank-a") -> SignedCallback {
        callback(body: news.body, eventID: news.eventID, at: gateway)
    }

    func callback(body: String, eventID: String = "evt_1", at gateway: String = "bank-a") -> SignedCallback {
        SignedCallback(
            gateway: gateway, target: "/callbacks/\(gateway)", body: body, time: time.now().rfc3339WholeSeconds,
            nonce: "nonce-0123456789-\(Self.nonces.add(1, ordering: .relaxed).newValue)", eventID: eventID)
    }

    /// Posts it, signed now and under a nonce of its own.
    func post(_ news: BankNews, at gateway: String = "bank-a") async throws -> CallbackReply {
        try await post(callback(news, at: gateway))
    }

    func post(_ callback: SignedCallback) async throws -> CallbackReply { await receiver.receive(try callback.posted()) }

    /// A payment that the bank was sent and of which nobody knows what became.
    func unknown(_ key: String = "key-1") async throws {
        bank.script(.lost, .silence)
        try #require(try await pay(key: key).json["processing_reason"] == .string("outcome_unknown"))
    }

    /// The callbacks that wait or cannot be read.
    func kept(_ kind: KeptCallback.Kind = .unmatched) async throws -> [KeptCallback] {
        try await callbacks.listed(kind, after: nil, limit: 100).callbacks
    }

    /// How often a change is told in the payment's history.
    func told(_ event: String, _ key: String = "key-1") async throws -> Int {
        try await store.history(of: try id(key)).count { $0.event == event }
    }

    /// What became of the deliveries, as the log tells it.
    var results: [String] {
        log.lines.filter { $0.contains("callback received") || $0.contains("callback not applied") }.compactMap { line in
            line.split(separator: "\"result\": ").dropFirst().first.map { String($0.prefix { $0 != "," && $0 != "]" }) }
        }
    }
}

extension CallbackReply {
    /// The bank's "received".
    static let received = CallbackReply(status: 204)
}
