import Payments

/// A mistake that the simulation must see. Most are made around the service: at a port, in an adapter or on a clock; the rest the service
/// makes itself when it is told to (`Payments.Mutation`).
enum SimulatedMutation: String, Sendable, CaseIterable {
    /// O2: the transport sends again by itself.
    case resendOnUnknown
    /// O4: what may have happened is taken for what certainly did not.
    case failoverWithoutAsking
    /// O1: a later 429 makes an earlier `unknown` forgotten.
    case forgetEarlierUnknown
    /// O4: "not found" is believed at once.
    case believeFirstNotFound
    /// O4: a 429 to an inquiry counts as "not found".
    case countRateLimitAsAnswer
    /// R1: everybody may own everything, and writes without comparing.
    case dropLease
    /// R1, R3: an owner that was stopped thinks that no time has passed, and who took over did not wait for it.
    case pausedOwnerSends
    /// R2: what an old owner heard is thrown away.
    case fenceAwayApproval
    /// T4: the caller is told before the store is.
    case answerBeforeStored
    /// R6: a success after `failed` is called stale.
    case ignoreSuccessAfterFailed
    /// R6: each try to give money back has a reference of its own.
    case reverseTwice
    /// R6: what a gateway says is applied to the gateway where the payment is now.
    case anyCallbackDecides
    /// O6: an approval over another amount counts as what was asked.
    case applyWrongAmount
    /// O8: a refund is let through beside another one.
    case letTwoRefundsThrough
    /// R7: a dead letter goes to the next gateway unasked.
    case redriveElsewhere
    /// O3: a reference is used again after the gateway has forgotten it.
    case repeatAfterLife
    /// P4: a callback is acknowledged although the store did not take it.
    case acknowledgeBeforeStored

    /// The mistake that the service makes itself.
    var inside: Mutation? {
        switch self {
        case .forgetEarlierUnknown: .forgetEarlierUnknown
        case .ignoreSuccessAfterFailed: .ignoreSuccessAfterFailed
        case .redriveElsewhere: .redriveElsewhere
        default: nil
        }
    }

    /// The promises one of which it must be seen to break.
    var breaks: Set<String> {
        switch self {
        case .resendOnUnknown, .forgetEarlierUnknown, .pausedOwnerSends, .redriveElsewhere: ["P1"]
        case .failoverWithoutAsking, .believeFirstNotFound, .countRateLimitAsAnswer, .anyCallbackDecides: ["P1", "P3"]
        case .dropLease: ["P1", "P2", "P3", "P4", "T4"]
        case .fenceAwayApproval: ["P3", "P4", "T4"]
        case .answerBeforeStored: ["T4"]
        case .ignoreSuccessAfterFailed: ["P1", "P3"]
        case .reverseTwice: ["R6", "O8"]
        case .applyWrongAmount: ["O6"]
        case .letTwoRefundsThrough: ["O8"]
        case .repeatAfterLife: ["O3", "P1"]
        case .acknowledgeBeforeStored: ["P4"]
        }
    }

    /// What befalls requests in the worlds that are made for it; `nil`: everything.
    var faults: [BankFault]? {
        switch self {
        case .forgetEarlierUnknown: [.cutAfter, .cutLate, .rateLimited, .notProcessed]
        case .countRateLimitAsAnswer: [.timeoutBooked, .cutAfter, .serverErrorAfter, .rateLimited]
        case .believeFirstNotFound: [.timeoutLate, .cutLate]
        case .reverseTwice, .ignoreSuccessAfterFailed: [.cutLate, .cutLate, .notProcessed]
        default: nil
        }
    }
}
