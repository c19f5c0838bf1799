import AdapterKit

/// What the bank says of a request that it did not take. A body that cannot be read leaves both open.
struct Problem {
    let code: String?
    let message: String?

    init(_ bytes: [UInt8]) {
        let body = try? AnswerReader(bytes)
        code = try? body?.shortText("code", limit: BankVerdict.maximumCode)
        message = try? body?.shortText("message", limit: BankVerdict.maximumMessage)
    }

    func rejection(_ cause: Rejection.Cause) -> Rejection { Rejection(cause: cause, code: code, message: message) }
}
