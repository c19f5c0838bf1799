import AdapterKit
import Payments

/// How operators see a gateway's breaker and set it.
struct BreakerControl: Sendable {
    struct State: Sendable, Equatable {
        /// `closed`, `half_open`, `open`, `forced_open` or `forced_closed`.
        var name: String
        /// Why, who, and until when: of a breaker that an operator set.
        var reason: String?
        var actor: String?
        var until: Timestamp?

        var json: JSON {
            .members([
                ("state", .string(name)), ("reason", .optional(reason)), ("actor", .optional(actor)),
                ("until", .optional(until?.rfc3339)),
            ])
        }
    }

    let state: @Sendable (_ gateway: String) async -> State
    let force: @Sendable (_ gateway: String, BreakerOrder, _ actor: String) async throws(Problem) -> Void
}
