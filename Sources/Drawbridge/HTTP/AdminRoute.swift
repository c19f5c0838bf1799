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
    case audit, auditSubjects
    case callbacks(KeptCallback.Kind)
    case callbackDecisions
    case applyCallback(CallbackID)
    case discardCallback(CallbackID)
    case webhooks
    case webhookDeadLetters(tenant: String, endpoint: String)
    case redriveWebhooks(tenant: String, endpoint: String)
    case enableWebhooks(tenant: String, endpoint: String)

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
        case ["admin", "audit", "subjects"]: self = .auditSubjects
        case ["admin", "callbacks", "unmatched"]: self = .callbacks(.unmatched)
        case ["admin", "callbacks", "malformed"]: self = .callbacks(.malformed)
        case ["admin", "callbacks", "decided"]: self = .callbackDecisions
        case ["admin", "webhooks"]: self = .webhooks
        default:
            guard segments.count >= 4, segments[0] == "admin", let last = segments.last else { return nil }
            if let route = Self.callback(segments) ?? Self.webhook(segments) {
                self = route
                return
            }
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

    private static func callback(_ segments: [String]) -> AdminRoute? {
        guard segments.count == 4, segments[1] == "callbacks", let id = CallbackID(segments[2]) else { return nil }
        switch segments[3] {
        case "apply": return .applyCallback(id)
        case "discard": return .discardCallback(id)
        default: return nil
        }
    }

    /// `admin/webhooks/{tenant}/{id}/…`
    private static func webhook(_ segments: [String]) -> AdminRoute? {
        guard segments.count == 5, segments[1] == "webhooks", segments[2...3].allSatisfy({ !$0.isEmpty })
        else { return nil }
        switch segments[4] {
        case "dead-letters": return .webhookDeadLetters(tenant: segments[2], endpoint: segments[3])
        case "redrive": return .redriveWebhooks(tenant: segments[2], endpoint: segments[3])
        case "enable": return .enableWebhooks(tenant: segments[2], endpoint: segments[3])
        default: return nil
        }
    }

    var method: HTTPRequest.Method {
        switch self {
        case .health, .ready, .metrics, .gateways, .queue, .deadLetters, .audit, .auditSubjects, .callbacks, .callbackDecisions,
            .webhooks,
            .webhookDeadLetters:
            .get
        case .breaker, .redrive, .discard, .applyCallback, .discardCallback, .redriveWebhooks, .enableWebhooks: .post
        }
    }

    /// Probes carry no secrets.
    var isOpenToAll: Bool { self == .health || self == .ready }
}
