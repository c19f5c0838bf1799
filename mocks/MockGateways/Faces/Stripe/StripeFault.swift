import AdapterKit

/// An error in Stripe's form, with its status (protocols/stripe.md, 2 and 4).
struct StripeFault: Error, Sendable, Equatable {
    let status: Int
    var type = "invalid_request_error"
    var code: String?
    var declineCode: String?
    var message: String
    var parameter: String?
    var intent: JSON?

    var body: JSON {
        .members([
            (
                "error",
                .present([
                    ("type", .string(type)), ("code", code.map { .string($0) }),
                    ("decline_code", declineCode.map { .string($0) }),
                    ("message", .string(message)), ("param", parameter.map { .string($0) }), ("payment_intent", intent),
                ])
            )
        ])
    }

    static func invalid(_ parameter: String, _ code: String = "parameter_invalid") -> StripeFault {
        StripeFault(status: 400, code: code, message: "Invalid \(parameter).", parameter: parameter)
    }

    static let unknownPath = StripeFault(status: 404, message: "Unrecognized request URL.")
    static let unknownKey = StripeFault(status: 401, message: "Invalid API Key provided.")
    static let missing = StripeFault(status: 404, code: "resource_missing", message: "No such object.")
    static let keyUsedOtherwise = StripeFault(
        status: 400, type: "idempotency_error", message: "This key was used with other parameters.")
}
