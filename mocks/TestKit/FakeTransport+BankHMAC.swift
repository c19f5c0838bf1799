public import AdapterKit
public import Payments
import Signing

/// The bank of protocols/bank-hmac.md, as far as one answer goes.
extension FakeTransport.Step {
    /// The secret that the fake bank shares with its clients.
    public static let secretText = "k3y-for-tests-only"

    /// A signed answer whose body may depend on the request.
    public static func bank(
        _ status: Int = 200, headers: [(String, String)] = [], secret: String = secretText,
        body: @escaping @Sendable (EgressRequest) -> [UInt8]
    ) -> Self {
        Self { request in
            let bytes = body(request)
            let timestamp = "2026-01-01T00:00:00Z"
            let answer = HMACV1.Answer(
                status: status, body: bytes, requestID: request.headers.single("X-Request-Id") ?? "", timestamp: timestamp)
            let signature = (try? HMACV1.signature(of: answer, with: Secret(text: secret))) ?? ""
            return GatewayResponse(
                status: status, headers: Headers(headers + [("X-Timestamp", timestamp), ("X-Signature", signature)]), body: bytes)
        }
    }

    /// The bank's view of the charge that the request is about.
    public static func charge(
        _ status: String, amount: Int64 = 1_000, currency: String = "EUR", captured: Int64? = nil, code: String? = nil,
        message: String? = nil, action: JSON = .null, reference: String? = nil, secret: String = secretText
    ) -> Self {
        bank(secret: secret) { request in
            JSON.members([
                ("bank_reference", .string("bank-1")), ("reference", .string(reference ?? request.chargeReference)),
                ("status", .string(status)), ("amount", .integer(amount)), ("currency", .string(currency)),
                ("captured_amount", .integer(captured ?? (status == "APPROVED" ? amount : 0))), ("refunded_amount", .integer(0)),
                ("code", .optional(code)), ("message", .optional(message)), ("action", action),
            ]).encoded()
        }
    }

    public static func refund(_ status: String, amount: Int64, code: String? = nil) -> Self {
        bank { request in
            JSON.members([
                ("bank_reference", .string("bank-2")), ("reference", .string(request.ownReference)), ("status", .string(status)),
                ("amount", .integer(amount)), ("code", .optional(code)), ("message", .null),
            ]).encoded()
        }
    }

    public static func problem(_ status: Int, _ code: String, message: String? = nil, headers: [(String, String)] = []) -> Self {
        bank(status, headers: headers) { _ in
            JSON.members([("code", .string(code)), ("message", .optional(message))]).encoded()
        }
    }

    public static let notFound = problem(404, "NOT_FOUND")
}

extension EgressRequest {
    private var pathPieces: [Substring] { target.split(separator: "/") }

    /// The reference in the body; that of a question stands at the end of its path.
    fileprivate var ownReference: String {
        (try? JSON(parsing: body))?["reference"]?.text ?? pathPieces.last.map(String.init) ?? ""
    }

    /// Reference of the charge: the third piece of the path, or in the body of a new charge.
    fileprivate var chargeReference: String { pathPieces.count > 2 ? String(pathPieces[2]) : ownReference }
}
