import AdapterKit

/// What the provider says of a request that it did not carry out (RFC 7807; protocols/pix.md, 4). `type`, `title` and `status` are
/// always there: what lacks one comes from somebody else.
struct Problem {
    /// Bytes, and Unicode scalars.
    private static let (longestType, longestText) = (256, 140)

    /// The last path segment of `type`: tells errors apart.
    let type: String
    let text: String
    /// The properties that are violated, cut at their points: `cob.valor.original` gives three words.
    let violations: [[String]]

    /// `nil` where the answer is not the provider's own word.
    init?(_ response: GatewayResponse) {
        guard let body = try? AnswerReader(response.body), let problem = try? Problem(body, status: response.status) else {
            return nil
        }
        self = problem
    }

    private init(_ body: AnswerReader, status: Int) throws(UnreadableAnswer) {
        guard let uri = try body.wholeText("type", limit: Self.longestType), try body.integer("status") == Int64(status),
            let title = try body.shortText("title", limit: Self.longestText)
        else { throw UnreadableAnswer() }
        type = String(uri.split(separator: "/", omittingEmptySubsequences: false).last ?? "")
        guard !type.isEmpty else { throw UnreadableAnswer() }
        text = try body.shortText("detail", limit: Self.longestText) ?? title
        var violations: [[String]] = []
        for violation in try body.sections("violacoes") ?? [] {
            let property = try violation.wholeText("propriedade", limit: Self.longestType) ?? ""
            violations.append(property.split(separator: ".").map(String.init))
        }
        self.violations = violations
    }

    func rejection(_ cause: Rejection.Cause) -> Outcome { .rejected(Rejection(cause: cause, code: type, message: text)) }
}
