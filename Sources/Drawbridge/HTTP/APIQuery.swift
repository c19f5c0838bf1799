import Foundation
import Payments

/// The parameters of one request's query: known ones, each at most once, percent-decoded. Collects every rule that is broken.
struct APIQuery {
    private var values: [String: String] = [:]
    private(set) var errors: [Problem.Entry] = []

    init(target: String, allowing allowed: [String]) {
        for pair in target.drop(while: { $0 != "?" }).dropFirst().split(separator: "&") {
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map { Self.decoded($0) }
            guard let name = parts[0], allowed.contains(name), let value = parts.count > 1 ? parts[1] : "" else {
                errors.append(.init("/query", "holds a parameter that is unknown or not percent-encoded UTF-8"))
                continue
            }
            if values.updateValue(value, forKey: name) != nil { fail(name, "must occur once") }
        }
    }

    subscript(name: String) -> String? { values[name] }

    mutating func fail(_ name: String, _ rule: String) { errors.append(.init("/query/\(name)", rule)) }

    mutating func integer(_ name: String, _ range: ClosedRange<Int>, default standard: Int) -> Int {
        guard let text = values[name] else { return standard }
        guard let value = Int(text), range.contains(value) else {
            fail(name, "must be an integer from \(range.lowerBound) to \(range.upperBound)")
            return standard
        }
        return value
    }

    func check() throws(Problem) {
        guard errors.isEmpty else { throw Problem(.validationFailed, errors: errors) }
    }

    private static func decoded(_ text: Substring) -> String? {
        String(text).replacing("+", with: " ").removingPercentEncoding
    }
}

/// The query of `GET /v1/payments`.
struct ListQuery {
    let reference: String
    let limit: Int

    init(target: String) throws(Problem) {
        var query = APIQuery(target: target, allowing: ["reference", "limit"])
        reference = query["reference"] ?? ""
        if !(1...64).contains(reference.unicodeScalars.count) { query.fail("reference", "must have 1 to 64 characters") }
        limit = query.integer("limit", 1...100, default: 20)
        try query.check()
    }
}

/// The query of `GET /v1/events`.
struct EventQuery {
    /// The last event seen; `nil`: from the start of what is kept.
    let after: EventID?
    let limit: Int
    /// How long to wait for a first event.
    let wait: Duration

    init(target: String) throws(Problem) {
        var query = APIQuery(target: target, allowing: ["after", "limit", "wait"])
        let cursor = query["after"].flatMap { $0.isEmpty ? nil : $0 }
        after = cursor.flatMap { EventID($0) }
        limit = query.integer("limit", 1...500, default: 100)
        wait = .seconds(query.integer("wait", 0...30, default: 0))
        try query.check()
        // Whatever it is, it is no event that is kept.
        if cursor != nil, after == nil { throw .cursorNotKept }
    }
}
