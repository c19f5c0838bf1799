import AdapterKit

/// What a face makes of a request.
struct Reading: Sendable {
    enum Content: Sendable {
        case refused(Reply)
        /// As `refused`, because it is not the client who asks; counted.
        case unproved(Reply)
        /// Concerns neither charges nor sessions, and is answered already.
        case answered(Reply)
        case asked(Asked)
    }

    /// As what the request is counted; `nil` where the gateway has nothing there.
    let operation: BankOperation?
    let content: Content

    static func asked(_ asked: Asked) -> Reading { Reading(operation: asked.call.operation, content: .asked(asked)) }
}

/// A request that was understood.
struct Asked: Sendable {
    let call: BankCall
    /// What happens where neither a rule nor a wish decides: a gateway whose payers always have to act says
    /// `.callback(.afterAction)`. `nil` approves.
    var usual: Misbehaviour?
    let writer: any AnswerWriter
}

/// Writes the answer to one request, with what it took from that request.
protocol AnswerWriter: Sendable {
    /// Every answer, refusals too, in the gateway's own form; not signed yet.
    func reply(_ answer: BankAnswer, at now: Timestamp) -> Reply

    /// Signs the bytes as they will be sent. Of misbehaviours, `badSignature` and `noSignature` are for this.
    func seal(_ reply: inout Reply, _ misbehaviour: Misbehaviour?, at now: Timestamp)
}

extension AnswerWriter {
    /// Most gateways sign no answers.
    func seal(_ reply: inout Reply, _ misbehaviour: Misbehaviour?, at now: Timestamp) {}
}
