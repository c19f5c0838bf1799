import AdapterKit

/// Why a request was not carried out (RFC 9457). The one place that maps codes to status and title.
public struct Problem: Error, Sendable, Equatable {
    public enum Code: String, Sendable, CaseIterable {
        case malformedRequest = "malformed_request"
        case validationFailed = "validation_failed"
        case unauthenticated
        case signatureInvalid = "signature_invalid"
        case timestampOutOfWindow = "timestamp_out_of_window"
        case tenantMismatch = "tenant_mismatch"
        case notFound = "not_found"
        case methodNotAllowed = "method_not_allowed"
        case idempotencyKeyMissing = "idempotency_key_missing"
        case idempotencyKeyReused = "idempotency_key_reused"
        case idempotencyInProgress = "idempotency_in_progress"
        case invalidState = "invalid_state"
        case payloadTooLarge = "payload_too_large"
        case unsupportedMediaType = "unsupported_media_type"
        case rateLimited = "rate_limited"
        case noGateway = "no_gateway"
        case gatewaysUnavailable = "gateways_unavailable"
        case stateStoreUnavailable = "state_store_unavailable"
        case `internal`

        public var status: Int {
            switch self {
            case .malformedRequest, .idempotencyKeyMissing: 400
            case .unauthenticated, .signatureInvalid, .timestampOutOfWindow: 401
            case .tenantMismatch: 403
            case .notFound: 404
            case .methodNotAllowed: 405
            case .idempotencyInProgress, .invalidState: 409
            case .payloadTooLarge: 413
            case .unsupportedMediaType: 415
            case .validationFailed, .idempotencyKeyReused, .noGateway: 422
            case .rateLimited: 429
            case .internal: 500
            case .gatewaysUnavailable, .stateStoreUnavailable: 503
            }
        }

        var title: String {
            switch self {
            case .malformedRequest: "The request cannot be read"
            case .validationFailed: "The request breaks the rules of its schema"
            case .unauthenticated: "The request does not say who sends it"
            case .signatureInvalid: "The signature does not hold"
            case .timestampOutOfWindow: "The time-stamp is too far from now"
            case .tenantMismatch: "The key belongs to another tenant"
            case .notFound: "There is no such thing here"
            case .methodNotAllowed: "This path does not take that method"
            case .idempotencyKeyMissing: "The Idempotency-Key is missing"
            case .idempotencyKeyReused: "The Idempotency-Key was used for another request"
            case .idempotencyInProgress: "The first request with this Idempotency-Key is still running"
            case .invalidState: "The payment's state does not allow it"
            case .payloadTooLarge: "The body is too large"
            case .unsupportedMediaType: "The body must be application/json"
            case .rateLimited: "Too many requests"
            case .noGateway: "No gateway can take this"
            case .gatewaysUnavailable: "No gateway could take it now"
            case .stateStoreUnavailable: "The state store did not answer"
            case .internal: "Something went wrong here"
            }
        }
    }

    /// One rule that is broken, and where: an RFC 6901 pointer into the body, or `/headers/…`, `/query/…`, `/path`.
    public struct Entry: Sendable, Equatable {
        public let pointer: String
        public let message: String

        public init(_ pointer: String, _ message: String) {
            self.pointer = pointer
            self.message = message
        }
    }

    public let code: Code
    public var detail: String?
    public var errors: [Entry]
    /// Whole seconds.
    public var retryAfter: Int?
    /// Of the tenant whose quota is used up.
    public var standing: Quota.Standing?

    public init(
        _ code: Code, _ detail: String? = nil, errors: [Entry] = [], retryAfter: Int? = nil, standing: Quota.Standing? = nil
    ) {
        self.standing = standing
        self.code = code
        self.detail = detail
        self.errors = errors
        self.retryAfter = retryAfter
    }

    public func body(requestID: String) -> [UInt8] {
        var members: [(String, JSON?)] = [
            ("type", .string("urn:drawbridge:problem:\(code.rawValue)")), ("title", .string(code.title)),
            ("status", .integer(Int64(code.status))), ("code", .string(code.rawValue)), ("detail", detail.map { .string($0) }),
            ("request_id", .string(requestID)),
        ]
        if !errors.isEmpty {
            members.append(
                ("errors", .array(errors.map { .members([("pointer", .string($0.pointer)), ("message", .string($0.message))]) })))
        }
        return JSON.present(members).encoded()
    }
}
