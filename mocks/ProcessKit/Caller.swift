package import AdapterKit
import Foundation

/// A tenant's payment service.
package struct Caller: Sendable {
    package let port: Int
    package let tenant: String
    /// `nil` for a tenant with `auth: none`.
    package let key: SigningKey?

    package init(port: Int, tenant: String, key: SigningKey?) {
        self.port = port
        self.tenant = tenant
        self.key = key
    }

    package static var now: Timestamp { Timestamp(milliseconds: Int64(Date().timeIntervalSince1970 * 1000)) }

    package static func freshKey() -> String { "key-\(UUID().uuidString)" }

    /// - Parameter changes: members of the order that differ from the usual one, or are new.
    package static func order(_ changes: (String, JSON)...) -> JSON {
        var members: [(String, JSON)] = [
            ("amount", .integer(1000)), ("currency", .string("BRL")), ("reference", .string("order-1")),
            ("method", card(("token", .string("tok_1")))),
        ]
        for change in changes {
            members.removeAll { $0.0 == change.0 }
            members.append(change)
        }
        return .members(members)
    }

    package static func card(_ members: (String, JSON)...) -> JSON {
        .members([("type", .string("card")), ("card", .members(members))])
    }

    /// Sends the request as this tenant, signed where the tenant signs.
    package func send(_ request: APIRequest) async throws -> Reply {
        var request = request
        if request.value("X-Tenant-Id") == nil { request.add("X-Tenant-Id", tenant) }
        if let key { try request.sign(key, at: Self.now) }
        return try await Wire.exchange(request.bytes, port: port)
    }

    package func pay(_ order: JSON = Caller.order(), key: String = Caller.freshKey(), prefer: String? = nil) async throws -> Reply
    {
        try await post("/v1/payments", order, key: key, prefer: prefer)
    }

    /// Authorises only.
    package func authorize(_ amount: Int64 = 1000) async throws -> Reply {
        try await pay(Self.order(("amount", .integer(amount)), ("capture", .string("manual"))))
    }

    package func post(
        _ target: String, _ body: JSON? = nil, key: String = Caller.freshKey(), prefer: String? = nil
    ) async throws -> Reply {
        var request = APIRequest.post(target, body, key: key)
        if let prefer { request.add("Prefer", prefer) }
        return try await send(request)
    }

    package func get(_ target: String) async throws -> Reply { try await send(APIRequest("GET", target)) }

    package func payment(_ id: String) async throws -> Reply { try await get("/v1/payments/\(id)") }

    /// A page of the feed.
    /// - Parameters:
    ///   - after: the last event seen.
    ///   - wait: for a first event, in seconds.
    package func events(after: String? = nil, limit: Int = 100, wait: Int = 0) async throws -> Reply {
        try await get("/v1/events?limit=\(limit)&wait=\(wait)" + (after.map { "&after=\($0)" } ?? ""))
    }

    package func capture(_ id: String, _ amount: Int64? = nil, key: String = Caller.freshKey()) async throws -> Reply {
        try await post("/v1/payments/\(id)/capture", Self.amount(amount), key: key)
    }

    package func void(_ id: String, key: String = Caller.freshKey()) async throws -> Reply {
        try await post("/v1/payments/\(id)/void", key: key)
    }

    package func refund(_ id: String, _ amount: Int64? = nil, key: String = Caller.freshKey()) async throws -> Reply {
        try await post("/v1/payments/\(id)/refunds", Self.amount(amount), key: key)
    }

    package func sync(_ id: String) async throws -> Reply { try await post("/v1/payments/\(id)/sync") }

    private static func amount(_ amount: Int64?) -> JSON? { amount.map { .members([("amount", .integer($0))]) } }
}
