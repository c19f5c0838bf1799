import AdapterKit
import ProcessKit

// MARK: - Headers

extension BadRequest {
    private static func header(
        _ name: String, _ words: String, _ status: Int, _ code: String, _ spoil: @escaping @Sendable (inout APIRequest) -> Void
    ) -> BadRequest {
        BadRequest(
            testDescription: "\(name): \(words)", status: status, code: code, pointer: "/headers/\(name)", beforeSigning: spoil)
    }

    private static func repeated(_ name: String) -> BadRequest {
        BadRequest(
            testDescription: "\(name): twice", status: 400, code: "malformed_request", pointer: "/headers/\(name)",
            beforeSigning: { if name == "X-Request-Id" { $0.add(name, "request-7") } },
            afterSigning: { $0.add(name, $0.value(name) ?? "") })
    }

    private static func missing(_ name: String) -> BadRequest {
        BadRequest(
            testDescription: "\(name): missing", status: 401, code: "unauthenticated", pointer: "/headers/\(name)",
            afterSigning: { $0.remove(name) })
    }

    private static func malformed(_ name: String, _ value: String) -> BadRequest {
        let shown = value.count > 30 ? "\(value.count) characters" : value
        return header(name, shown, 400, "malformed_request") { $0.set(name, value) }
    }

    static let headers =
        [
            "Idempotency-Key", "X-Tenant-Id", "X-Key-Id", "X-Timestamp", "X-Signature", "X-Request-Id", "Content-Type",
        ].map(repeated) + ["X-Key-Id", "X-Timestamp", "X-Signature"].map(missing) + [
            header("Idempotency-Key", "missing", 400, "idempotency_key_missing") { $0.remove("Idempotency-Key") },
            header("Idempotency-Key", "empty", 400, "idempotency_key_missing") { $0.set("Idempotency-Key", "") },
            malformed("Idempotency-Key", String(repeating: "k", count: 256)), malformed("Idempotency-Key", "two words"),
            malformed("Idempotency-Key", "\"\""),
            header("X-Tenant-Id", "missing", 401, "unauthenticated") { $0.remove("X-Tenant-Id") },
            malformed("X-Request-Id", String(repeating: "r", count: 129)),
        ]
        + ["ACME", "-acme", "acme/other", "acme, other", String(repeating: "a", count: 64)].map { tenant in
            header("X-Tenant-Id", tenant, 401, "unauthenticated") { $0.set("X-Tenant-Id", tenant) }
        }
}

// MARK: - Signatures

extension BadRequest {
    private static func signature(
        _ name: String, _ code: String = "signature_invalid", status: Int = 401,
        _ spoil: @escaping @Sendable (inout APIRequest) -> Void
    ) -> BadRequest {
        BadRequest(testDescription: name, status: status, code: code, pointer: nil, afterSigning: spoil)
    }

    private static func time(_ name: String, _ text: @escaping @Sendable () -> String) -> BadRequest {
        BadRequest(
            testDescription: name, status: 401, code: "timestamp_out_of_window", pointer: nil,
            beforeSigning: { $0.add("X-Timestamp", text()) })
    }

    static let signatures = [
        signature("over another body") { $0.body = Caller.order(("amount", .integer(999_999))).encoded() },
        signature("over another path") { $0.target = "/v1/accounts/validate" },
        signature("over a query more") { $0.target += "?limit=1" },
        signature("over another key") { $0.set("Idempotency-Key", "order-8") },
        signature("over another time") { $0.set("X-Timestamp", (Caller.now + .seconds(-60)).rfc3339WholeSeconds) },
        signature("for another tenant") { $0.set("X-Tenant-Id", "other") },
        signature("for a tenant that does not exist", "unauthenticated") { $0.set("X-Tenant-Id", "nobody") },
        signature("under another key's id") { $0.set("X-Key-Id", "acme-2") },
        signature("without its scheme") { $0.set("X-Signature", String($0.value("X-Signature")?.dropFirst(3) ?? "")) },
        signature("cut short") { $0.set("X-Signature", String($0.value("X-Signature")?.dropLast(4) ?? "")) },
        signature("that is no base64") { $0.set("X-Signature", "v1=****") },
        signature("of nothing") { $0.set("X-Signature", "v1=") },
        signature("by another tenant's key", "tenant_mismatch", status: 403) { request in
            request.remove("X-Signature")
            request.remove("X-Key-Id")
            try? request.sign(Setup.otherKey, at: Caller.now)
        },
        time("six minutes ago") { (Caller.now + .seconds(-360)).rfc3339WholeSeconds },
        time("in six minutes") { (Caller.now + .seconds(360)).rfc3339WholeSeconds },
        time("in another zone's words") { "\(Caller.now.rfc3339WholeSeconds.dropLast())+00:00" },
        time("with a fraction") { Caller.now.rfc3339 },
        time("in seconds since 1970") { String(Caller.now.seconds) },
        time("on a day that does not exist") { "2026-02-30T00:00:00Z" },
    ]
}

// MARK: - Paths

extension BadRequest {
    private static func path(
        _ target: String, _ status: Int = 404, _ code: String = "not_found", method: String = "GET"
    ) -> BadRequest {
        BadRequest(
            testDescription: "\(method) \(target)", status: status, code: code, pointer: nil,
            beforeSigning: { request in
                request.method = method
                request.target = target
                request.body = []
            })
    }

    static let paths = [
        path("/v1/payments/\(absent)"), path("/v1/payments/\(absent.uppercased())"), path("/v1/payments/\(absent)0"),
        path("/v1/payments/\(absent)%00"), path("/v1/payments/%70ay_00000000000000000000000000"),
        path("/v1/payments/pay_..%2f..%2f..%2fadmin%2fmetrics000"), path("/v1/payments/../payments/\(absent)"),
        path("/v1/payments/./\(absent)"), path("/v1//payments/\(absent)"), path("/v1/payments/\(absent)/"), path("/v1/payments/"),
        path("/v1/payments/\(absent)/capture/", method: "POST"), path("/v1/payments/\(absent)%2fcapture", method: "POST"),
        path("/V1/PAYMENTS"), path("/metrics"), path("/admin/gateways"), path("/"),
        path("/v1/payments", 405, "method_not_allowed", method: "PUT"),
        path("/v1/payments", 405, "method_not_allowed", method: "DELETE"),
        path("/v1/payments/\(absent)", 405, "method_not_allowed", method: "POST"),
        path("/v1/payments/\(absent)/void", 405, "method_not_allowed"),
        path("/v1/payments", 422, "validation_failed"), path("/v1/payments?reference=", 422, "validation_failed"),
        path("/v1/payments?reference=a&reference=b", 422, "validation_failed"),
        path("/v1/payments?reference=%FF", 422, "validation_failed"),
        path("/v1/payments?reference=a&limit=0", 422, "validation_failed"),
        path("/v1/payments?reference=a&limit=101", 422, "validation_failed"),
        path("/v1/payments?reference=a&offset=1", 422, "validation_failed"),
    ]
}
