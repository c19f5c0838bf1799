public import Payments

extension RedisPaymentStore {
    public func trail(of payment: PaymentID) async throws(StoreFailure) -> AuditTrail {
        let subject = AuditSubject.payment(payment)
        let reply = try await client.send([RedisCommand("HGETALL", keys.trail(of: subject))]).first
        return RedisFields.auditTrail(reply, of: subject)
    }

    /// In the order of the servers and of what each gives. A payment may come twice, and one that moves to another server of a
    /// cluster meanwhile may be passed over.
    public func payments(after: String?, limit: Int) async throws(StoreFailure) -> PaymentPage {
        guard var place = RedisScanCursor(after ?? "0.0") else {
            throw StoreFailure(code: .refused, detail: "not a cursor of this store")
        }
        var found: [PaymentID] = []
        for _ in 0..<Self.scansAtOnce where found.isEmpty {
            let scan = RedisCommand(
                "SCAN", place.cursor, "MATCH", keys.anyPayment, "COUNT", String(min(max(1, limit), Self.longestScan)))
            guard let reply = try await client.reply(to: scan, fromServer: place.server) else {
                return PaymentPage(ids: found, next: nil)
            }
            guard let parts = reply.elements, parts.count == 2, let cursor = parts[0].text, let names = parts[1].elements else {
                throw Self.unexpected
            }
            found += names.compactMap { $0.text?.split(separator: ":").last.flatMap { PaymentID(String($0)) } }
            place =
                cursor == "0"
                ? RedisScanCursor(server: place.server + 1, cursor: "0") : .init(server: place.server, cursor: cursor)
        }
        return PaymentPage(ids: found, next: place.text)
    }

    /// Looks at keys of other kinds until one page is given all the same, empty.
    private static let scansAtOnce = 16
    /// Keys that one step of a server looks at.
    private static let longestScan = 1_000
}

/// Where a walk over the payments stands: the server, by its place among all, and the cursor that it gave.
struct RedisScanCursor {
    let server: Int
    let cursor: String

    init(server: Int, cursor: String) {
        self.server = server
        self.cursor = cursor
    }

    init?(_ text: String) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 2, let server = Int(parts[0]), server >= 0, UInt64(parts[1]) != nil else { return nil }
        self.init(server: server, cursor: String(parts[1]))
    }

    var text: String { "\(server).\(cursor)" }
}
