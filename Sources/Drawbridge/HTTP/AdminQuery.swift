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

    func payment() throws(Problem) -> PaymentID {
        guard let id = values["payment"].flatMap({ PaymentID($0) }) else {
            throw Self.wrong("payment", "is required: pay_ and 26 characters")
        }
        return id
    }

    private static func wrong(_ name: String, _ rule: String) -> Problem {
        Problem(.validationFailed, errors: [.init(name.isEmpty ? "/query" : "/query/\(name)", rule)])
    }
}
