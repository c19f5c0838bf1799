import Foundation
import HTTPTypes
import Payments

/// The paths of the admin listener (contract/config.md), and the methods each takes.
enum AdminRoute: Equatable {
    case health, ready, metrics
    case gateways
    case breaker(gateway: String)
    case queue, deadLetters
    case redrive(WorkID)
    case discard(WorkID)
    case audit

    /// - Parameter path: without its query.
    init?(path: Substring) {
        // %2F is what a work's own slash is written as; two segments are taken as well.
        let segments = path.split(separator: "/", omittingEmptySubsequences: false).dropFirst().map(String.init)
        switch segments {
        case ["health"]: self = .health
        case ["ready"]: self = .ready
        case ["metrics"]: self = .metrics
        case ["admin", "gateways"]: self = .gateways
        case ["admin", "queue"]: self = .queue
        case ["admin", "dead-letters"]: self = .deadLetters
        case ["admin", "audit"]: self = .audit
        default:
            guard segments.count >= 4, segments[0] == "admin", let last = segments.last else { return nil }
            let name = segments[2..<(segments.count - 1)].joined(separator: "/")
            let work = name.removingPercentEncoding.flatMap { WorkID($0) }
            switch (segments[1], last, work) {
            case ("gateways", "breaker", _) where ValueSyntax<String>.isName(name): self = .breaker(gateway: name)
            case ("dead-letters", "redrive", let work?): self = .redrive(work)
            case ("dead-letters", "discard", let work?): self = .discard(work)
            default: return nil
            }
        }
    }

    var method: HTTPRequest.Method {
        switch self {
        case .health, .ready, .metrics, .gateways, .queue, .deadLetters, .audit: .get
        case .breaker, .redrive, .discard: .post
        }
    }

    /// Probes carry no secrets.
    var isOpenToAll: Bool { self == .health || self == .ready }
}
