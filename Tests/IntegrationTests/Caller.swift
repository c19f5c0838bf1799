import AdapterKit
import Foundation

/// A tenant's payment service.
struct Caller: Sendable {
    let port: Int
    let tenant: String
    /// `nil` for a tenant with `auth: none`.
    let key: SigningKey?

    static var now: Timestamp { Timestamp(milliseconds: Int64(Date().timeIntervalSince1970 * 1000)) }

    static func freshKey() -> String { "key-\(UUID().uuidString)" }

    /// - Parameter changes: members of the order that differ from the usual one, or are new.
    static func order(_ changes: (String, JSON)...) -> JSON {
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

    static func card(_ members: (String, JSON)...) -> JSON {
        .members([("type", .string("card")), ("card", .members(members))])
    }

    /// Sends the request as this tenant, signed where the tenant signs.
    func send(_ request: APIRequest) async throws -> Reply {
        var request = request
        if request.value("X-Tenant-Id") == nil { request.add("X-Tenant-Id", tenant) }
        if let key { try request.sign(key, at: Self.now) }
        return try await Wire.exchange(request.bytes, port: port)
    }

    func pay(_ order: JSON = Caller.order(), key: String = Caller.freshKey(), prefer: String? = nil) async throws -> Reply {
        try await post("/v1/payments", order, key: key, prefer: prefer)
    }

    /// Authorises only.
    func authorize(_ amount: Int64 = 1000) async throws -> Reply {
        try await pay(Self.order(("amount", .integer(amount)), ("capture", .string("manual"))))
    }

    func post(
        _ target: String, _ body: JSON? = nil, key: String = Caller.freshKey(), prefer: String? = nil
    ) async throws -> Reply {
        var request = APIRequest.post(target, body, key: key)
        if let prefer { request.add("Prefer", prefer) }
        return try await send(request)
    }

    func get(_ target: String) async throws -> Reply { try await send(APIRequest("GET", target)) }

    func payment(_ id: String) async throws -> Reply { try await get("/v1/payments/\(id)") }

    func capture(_ id: String, _ amount: Int64? = nil, key: String = Caller.freshKey()) async throws -> Reply {
        try await post("/v1/payments/\(id)/capture", Self.amount(amount), key: key)
    }

    func void(_ id: String, key: String = Caller.freshKey()) async throws -> Reply {
        try await post("/v1/payments/\(id)/void", key: key)
    }

    func refund(_ id: String, _ amount: Int64? = nil, key: String = Caller.freshKey()) async throws -> Reply {
        try await post("/v1/payments/\(id)/refunds", Self.amount(amount), key: key)
    }

    func sync(_ id: String) async throws -> Reply { try await post("/v1/payments/\(id)/sync") }

    private static func amount(_ amount: Int64?) -> JSON? { amount.map { .members([("amount", .integer($0))]) } }
}
