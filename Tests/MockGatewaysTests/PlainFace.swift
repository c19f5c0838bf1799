import AdapterKit
import NIOHTTP1
import Synchronization

@testable import MockGateways

/// The smallest face: `METHOD /WHAT/reference`, answers and callbacks of one line. Its payers always have to act, it hands out tokens,
/// knows charges by the bank's number, tells two things in a callback, and proves callbacks by certificate.
final class PlainFace: Face {
    let occurrencesPerCallback = 2
    let provesCallbacksByCertificate = true
    private let issued = Atomic<Int>(0)

    func declineCode(for category: FailureCategory) -> String { "no: " + category.rawValue }

    func read(_ request: CollectedRequest, in books: Books, at now: Timestamp) -> Reading {
        let parts = request.path.split(separator: "/").map(String.init)
        let writer = PlainWriter(token: issued.load(ordering: .relaxed) + 1)
        guard parts.count == 2 else { return Reading(operation: nil, content: .refused(PlainWriter.line(404, "nothing there"))) }
        switch parts[0] {
        case "token":
            issued.add(1, ordering: .relaxed)
            return .asked(Asked(call: .session, writer: writer))
        case "charge":
            let order = BankCall.Order(
                reference: parts[1], amount: 1000, currency: "BRL", captures: true, method: "pix",
                description: String(request.query),
                details: .string("kept"))
            return .asked(Asked(call: .charge(order), usual: .callback(.afterAction), writer: writer))
        case "void": return .asked(Asked(call: .void(charge: parts[1], reference: "void of " + parts[1]), writer: writer))
        case "refund":
            // By the number of the charge.
            let charge = Int(parts[1]).flatMap { books.charge(serial: $0) }?.reference ?? ""
            return .asked(Asked(call: .refund(charge: charge, reference: "ref_\(parts[1])", amount: 1), writer: writer))
        case "health": return Reading(operation: nil, content: .answered(PlainWriter.line(200, "well")))
        default: return Reading(operation: .inquiry, content: .unproved(PlainWriter.line(401, "who?")))
        }
    }

    func tells(of occurrence: Occurrence) -> Bool { occurrence.charge.status != .declined }

    func callback(telling told: [Occurrence], _ seal: Seal) -> CallbackPost? {
        let lines = told.map { "\($0.reference) \($0.charge.amount) \($0.charge.status.rawValue)" }
        return CallbackPost(
            target: seal.target + "/plain", headers: [("X-Plain", seal.nonce)], body: Array(lines.joined(separator: "\n").utf8))
    }

    func acknowledges(_ status: Int) -> Bool { status == 202 }

    func reset() { issued.store(0, ordering: .relaxed) }
}

struct PlainWriter: AnswerWriter {
    let token: Int

    static func line(_ status: Int, _ text: String) -> Reply { Reply(status: status, headers: [:], body: Array(text.utf8)) }

    func reply(_ answer: BankAnswer, at now: Timestamp) -> Reply {
        switch answer {
        case .charge(let charge): Self.line(200, "\(charge.serial) \(charge.status.rawValue) \(charge.code)")
        case .repeatedCharge(let first, let now): Self.line(200, "again: \(first.status.rawValue), \(now.status.rawValue)")
        case .refund(let refund, let charge): Self.line(200, "\(refund.reference) of \(charge.reference)")
        case .repeatedRefund: Self.line(409, "again")
        case .account(let exists): Self.line(200, "\(exists)")
        case .session: Self.line(200, "token \(token)")
        case .refused(let refusal): Self.line(400, "\(refusal)")
        }
    }

    func seal(_ reply: inout Reply, _ misbehaviour: Misbehaviour?, at now: Timestamp) {
        reply.headers.add(name: "X-Seal", value: misbehaviour == .badSignature ? "broken" : "\(reply.body.count)")
    }
}
