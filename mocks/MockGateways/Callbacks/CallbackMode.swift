/// How a charge or refund is decided by the bank alone and told by callback. Without a destination the same happens, untold.
public enum CallbackMode: Sendable, Hashable {
    /// Answers PENDING; then approves and calls back.
    case onTime
    /// Approves, calls back, and answers when that was acknowledged or given up.
    case beforeAnswer
    /// As `onTime`, and calls back that much later.
    case late(milliseconds: Int)
    /// As `onTime`; the event once more when it was acknowledged, freshly signed.
    case twice
    /// As `onTime`; then an event that is older and says PENDING.
    case outOfOrder
    /// As `onTime`, with the right key id and another secret.
    case forged
    /// As `onTime`, signed for 301 s ago; every try.
    case stale
    /// As `onTime`, signed for a time outside the window ahead; every try.
    case fromFuture
    /// As `onTime`; then the same bytes once more.
    case replayed
    /// As `onTime`, with one minor unit too many.
    case wrongAmount
    /// As `onTime`, and never calls back.
    case lost
    /// Answers PENDING; then declines and calls back.
    case declined
    /// Answers ACTION_REQUIRED; then the payer has acted: approves and calls back.
    case afterAction
    /// Approves the charge; each refund of it is answered PENDING, then approved with a callback. For a refund, as `onTime`.
    case forRefund

    /// A few seconds: what `callback_late` alone means.
    private static let lateness = 3000

    static let named: [String: CallbackMode] = [
        "callback_on_time": .onTime, "callback_before_answer": .beforeAnswer, "callback_late": .late(milliseconds: lateness),
        "callback_twice": .twice, "callback_out_of_order": .outOfOrder, "callback_forged": .forged, "callback_stale": .stale,
        "callback_from_future": .fromFuture, "callback_replayed": .replayed, "callback_wrong_amount": .wrongAmount,
        "callback_lost": .lost, "callback_declined": .declined, "callback_after_action": .afterAction,
        "callback_for_refund": .forRefund,
    ]
}

extension CallbackMode {
    /// What is answered first.
    var decision: Ledger.Decision {
        switch self {
        case .beforeAnswer: .approve
        case .afterAction: .askForAction
        case .forRefund: .approveAndPendRefunds
        default: .pend
        }
    }

    /// What becomes of it; `nil` where the answer was the decision.
    /// - Parameter code: the gateway's own for a decline.
    func resolution(declining code: String) -> Resolution? {
        switch self {
        case .beforeAnswer: nil
        case .declined: .decline(code: code)
        default: .approve
        }
    }

    var delay: Duration {
        if case .late(let milliseconds) = self { .milliseconds(milliseconds) } else { .zero }
    }

    /// How far the signed time is from the clock. A delivery takes time, which makes what is stale staler, but brings a time ahead
    /// nearer to the window of 300 s: hence more than a second beyond it.
    var skew: Duration {
        switch self {
        case .stale: .seconds(-301)
        case .fromFuture: .seconds(330)
        default: .zero
        }
    }
}

/// How a charge or refund that waits is decided.
public enum Resolution: Sendable, Equatable {
    /// A charge that captures is APPROVED, one that does not AUTHORIZED.
    case approve
    case decline(code: String)
}
