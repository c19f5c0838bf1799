import Foundation
import Payments

/// The query of `GET /v1/payments`.
struct ListQuery {
    var reference: String
    var limit: Int

    init(target: String) throws(Problem) {
        var values: [String: String] = [:]
        var errors: [Problem.Entry] = []
        for pair in target.drop(while: { $0 != "?" }).dropFirst().split(separator: "&") {
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map { Self.decoded($0) }
            guard let name = parts[0], ["reference", "limit"].contains(name), let value = parts.count > 1 ? parts[1] : "" else {
                errors.append(.init("/query", "holds a parameter that is unknown or not percent-encoded UTF-8"))
                continue
            }
            if values.updateValue(value, forKey: name) != nil { errors.append(.init("/query/\(name)", "must occur once")) }
        }
        reference = values["reference"] ?? ""
        if !(1...64).contains(reference.unicodeScalars.count) {
            errors.append(.init("/query/reference", "must have 1 to 64 characters"))
        }
        limit = values["limit"].map { Int($0) ?? 0 } ?? 20
        if !(1...100).contains(limit) { errors.append(.init("/query/limit", "must be an integer from 1 to 100")) }
        guard errors.isEmpty else { throw Problem(.validationFailed, errors: errors) }
    }

    private static func decoded(_ text: Substring) -> String? {
        String(text).replacing("+", with: " ").removingPercentEncoding
    }
}
