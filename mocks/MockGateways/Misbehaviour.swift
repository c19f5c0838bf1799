public import AdapterKit

/// One way in which the bank does not simply approve and answer. Written `name` or, with milliseconds, `name=2000`.
public enum Misbehaviour: Sendable, Hashable {
    // The bank's own decision, told as the protocol says.
    /// `decline_51`: declined with that code; nothing moves.
    case decline(code: String)
    /// `declined_insufficient_funds` and the like: declined with the gateway's own code for that; nothing moves.
    case declined(FailureCategory)
    case pending
    case actionRequired
    /// `callback_on_time` and the like: decides by itself and calls back, rightly or wrongly.
    case callback(CallbackMode)

    // Refusals; nothing moves.
    case rejected
    case credentials
    case rateLimited
    case notProcessed
    case notFound
    case redirect
    case status500
    case status503

    // Acts, then says something else.
    case status500After
    case garbage
    case empty
    /// A whole HTTP message whose JSON ends halfway.
    case truncated
    case badSignature
    case noSignature
    case wrongAmount
    case wrongReference
    case wrongCurrency

    // Time.
    /// Waits, then acts and answers; acts also when the caller has left meanwhile.
    case slowBefore(milliseconds: Int)
    /// Acts at once, answers late.
    case slowAfter(milliseconds: Int)
    /// Never acts, never answers.
    case hang

    // Connections and bytes.
    /// Closes without acting.
    case cutBefore
    /// Acts, then closes without an answer.
    case cutAfter
    /// Acts, then closes in the middle of the answer's body.
    case cutMidAnswer
    /// Acts and answers, then closes the connection without having said so.
    case closeIdle
    /// Acts, then sends a body of 100 MB.
    case hugeBody
    /// Acts, then sends the body one byte a second.
    case drip
    /// Acts, then answers with 10,000 more header fields.
    case manyHeaders
    /// Acts, then answers with one header field of 1 MiB.
    case hugeHeader
}

extension Misbehaviour: LosslessStringConvertible {
    /// Milliseconds that a slow answer may take: up to ten minutes.
    public static let delays = 0...600_000

    private static let declinePrefix = "decline_"

    private static let fixed = answers.merging(CallbackMode.named.mapValues { .callback($0) }) { answer, _ in answer }
        .merging(declines) { answer, _ in answer }

    /// The categories that an issuer's decision can have.
    private static let declines = Dictionary(
        uniqueKeysWithValues: [
            FailureCategory.insufficientFunds, .doNotHonor, .expiredInstrument, .invalidInstrument, .limitExceeded,
            .suspectedFraud,
            .authenticationRequired, .accountClosed, .notPermitted, .issuerUnavailable, .expired, .other,
        ].map { ("declined_" + $0.rawValue, Misbehaviour.declined($0)) })

    private static let answers: [String: Misbehaviour] = [
        "pending": .pending, "action_required": .actionRequired, "rejected": .rejected, "credentials": .credentials,
        "rate_limited": .rateLimited, "not_processed": .notProcessed, "not_found": .notFound, "redirect": .redirect,
        "status_500": .status500, "status_503": .status503, "status_500_after": .status500After, "garbage": .garbage,
        "empty": .empty, "truncated": .truncated, "bad_signature": .badSignature, "no_signature": .noSignature,
        "wrong_amount": .wrongAmount, "wrong_reference": .wrongReference, "wrong_currency": .wrongCurrency, "hang": .hang,
        "cut_before": .cutBefore, "cut_after": .cutAfter, "cut_mid_answer": .cutMidAnswer, "close_idle": .closeIdle,
        "huge_body": .hugeBody, "drip": .drip, "many_headers": .manyHeaders, "huge_header": .hugeHeader,
    ]

    /// Every name that can be written, the ones with a part to fill in as patterns.
    public static let names = (fixed.keys + ["decline_CODE", "slow_before=MS", "slow_after=MS", "callback_late=MS"]).sorted()

    /// `nil` for a name that does not exist, a code that is not one, and a delay outside `delays`.
    public init?(_ description: String) {
        if let known = Self.fixed[description] {
            self = known
        } else if description.hasPrefix(Self.declinePrefix) {
            let code = String(description.dropFirst(Self.declinePrefix.count))
            guard DeclineCode.isDecline(code) else { return nil }
            self = .decline(code: code)
        } else {
            let parts = description.split(separator: "=", omittingEmptySubsequences: false)
            guard parts.count == 2, let delay = Int(parts[1]), Self.delays.contains(delay) else { return nil }
            switch parts[0] {
            case "slow_before": self = .slowBefore(milliseconds: delay)
            case "slow_after": self = .slowAfter(milliseconds: delay)
            case "callback_late": self = .callback(.late(milliseconds: delay))
            default: return nil
            }
        }
    }

    public var description: String {
        if let known = Self.fixed.first(where: { $0.value == self }) { return known.key }
        return switch self {
        case .decline(let code): Self.declinePrefix + code
        case .slowBefore(let milliseconds): "slow_before=\(milliseconds)"
        case .slowAfter(let milliseconds): "slow_after=\(milliseconds)"
        case .callback(.late(let milliseconds)): "callback_late=\(milliseconds)"
        default: ""
        }
    }
}

extension Misbehaviour {
    /// What a charge's description may ask for.
    enum Wish: Equatable {
        case none
        case granted(Misbehaviour)
        /// `mock:` and a name that does not exist: told to the caller, so that a slip of the pen does not pass for an approval.
        case unknown
    }

    private static let mark = "mock:"

    /// Reads the first `mock:<name>` in a description; the name goes as far as letters, digits, `_` and `=` do.
    static func wish(in description: String) -> Wish {
        guard let found = description.firstRange(of: mark) else { return .none }
        let name = description[found.upperBound...].prefix { $0.isLetter || $0.isNumber || $0 == "_" || $0 == "=" }
        return Misbehaviour(String(name)).map { .granted($0) } ?? .unknown
    }
}
