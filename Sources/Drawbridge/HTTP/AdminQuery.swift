import Foundation
import Payments

/// The parameters of one request's query, each at most once and no others.
struct AdminQuery {
    private static let longestCursor = 256
    private let values: [String: String]

    init(target: String, allowing allowed: [String]) throws(Problem) {
        var values: [String: String] = [:]
        for pair in target.drop(while: { $0 != "?" }).dropFirst().split(separator: "&") {
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            guard allowed.contains(parts[0]), parts.count == 2, let value = parts[1].removingPercentEncoding else {
                throw Self.wrong(
                    "", "takes \(allowed.isEmpty ? "no parameters" : allowed.joined(separator: ", ")), as name=value")
            }
            guard values.updateValue(value, forKey: parts[0]) == nil else { throw Self.wrong(parts[0], "must occur once") }
        }
        self.values = values
    }

    func limit() throws(Problem) -> Int {
        guard let text = values["limit"] else { return 20 }
        guard let limit = Int(text), (1...100).contains(limit) else {
            throw Self.wrong("limit", "must be an integer from 1 to 100")
        }
        return limit
    }

    /// `next` of an earlier page.
    func cursor() throws(Problem) -> String? {
        guard let text = values["after"] else { return nil }
        guard (1...Self.longestCursor).contains(text.utf8.count), text.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            throw Self.wrong("after", "must be the next of an earlier page")
        }
        return text
    }

    /// What the query of a trail takes.
    static let ofTrail = ["payment", "gateway", "tenant", "subject", "after", "limit"]

    /// What the trail is asked for of: exactly one.
    func subject() throws(Problem) -> AuditSubject {
        let named = Self.ofTrail.prefix(4).compactMap { name in values[name].map { (name: name, value: $0) } }
        guard named.count == 1, let (name, value) = named.first else {
            throw Self.wrong("", "takes exactly one of payment, gateway, tenant and subject")
        }
        let text = name == "payment" || name == "subject" ? value : "\(name):\(value)"
        guard let subject = AuditSubject(text) else { throw Self.wrong(name, Self.rule(name)) }
        guard case .payment = subject else {
            if name == "payment" { throw Self.wrong(name, Self.rule(name)) }
            return subject
        }
        guard values["after"] == nil, values["limit"] == nil else {
            throw Self.wrong("", "takes neither after nor limit with a payment, whose trail is told whole")
        }
        return subject
    }

    private static func rule(_ name: String) -> String {
        switch name {
        case "payment": "must be pay_ and 26 characters"
        case "subject": "must be configuration, gateway:NAME, tenant:NAME or a payment's id"
        default: "must be the name of a \(name)"
        }
    }

    /// Of the last entry seen.
    func number() throws(Problem) -> Int {
        guard let text = values["after"] else { return 0 }
        guard let number = Int(text), (0...1_000_000_000_000).contains(number) else {
            throw Self.wrong("after", "must be the next of an earlier page")
        }
        return number
    }

    private static func wrong(_ name: String, _ rule: String) -> Problem {
        Problem(.validationFailed, errors: [.init(name.isEmpty ? "/query" : "/query/\(name)", rule)])
    }
}
