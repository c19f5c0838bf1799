import Payments

/// What stands behind the callback listener.
protocol CallbackIntake: Sendable {
    /// Whether a gateway of this name takes callbacks.
    func accepts(_ gateway: String) -> Bool
    /// The body was over `CallbackReceiver.maximumBody`.
    func refuseTooLarge(_ gateway: String) -> CallbackReply
    func receive(_ delivery: CallbackDelivery) async -> CallbackReply
}

extension CallbackReceiver: CallbackIntake {}
