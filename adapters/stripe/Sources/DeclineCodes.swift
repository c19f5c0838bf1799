public import AdapterKit

extension StripeAdapter {
    /// protocols/stripe.md, 4: decline codes by class. The caller's own mistakes are final like a decline, and no card's fault.
    public static let declineCategories: [String: FailureCategory] = [
        "insufficient_funds": .insufficientFunds,
        "withdrawal_count_limit_exceeded": .limitExceeded,
        "card_velocity_exceeded": .limitExceeded,
        "pin_try_exceeded": .limitExceeded,

        "expired_card": .expiredInstrument,
        "incorrect_number": .invalidInstrument,
        "invalid_number": .invalidInstrument,
        "incorrect_cvc": .invalidInstrument,
        "invalid_cvc": .invalidInstrument,
        "invalid_expiry_month": .invalidInstrument,
        "invalid_expiry_year": .invalidInstrument,
        "incorrect_zip": .invalidInstrument,
        "invalid_account": .invalidInstrument,

        "lost_card": .suspectedFraud,
        "stolen_card": .suspectedFraud,
        "pickup_card": .suspectedFraud,
        "fraudulent": .suspectedFraud,
        "merchant_blacklist": .suspectedFraud,
        "security_violation": .suspectedFraud,

        "restricted_card": .notPermitted,
        "card_not_supported": .notPermitted,
        "currency_not_supported": .notPermitted,
        "do_not_try_again": .notPermitted,
        "revocation_of_authorization": .notPermitted,
        "revocation_of_all_authorizations": .notPermitted,
        "stop_payment_order": .notPermitted,
        "transaction_not_allowed": .notPermitted,
        "not_permitted": .notPermitted,

        "generic_decline": .doNotHonor,
        "do_not_honor": .doNotHonor,
        "call_issuer": .doNotHonor,
        "no_action_taken": .doNotHonor,
        "service_not_allowed": .doNotHonor,
        "approve_with_id": .doNotHonor,
        "try_again_later": .doNotHonor,
        "reenter_transaction": .issuerUnavailable,
        "issuer_not_available": .issuerUnavailable,
        "processing_error": .issuerUnavailable,

        "authentication_required": .authenticationRequired,
        "incorrect_pin": .authenticationRequired,
        "invalid_pin": .authenticationRequired,
        "offline_pin_required": .authenticationRequired,
        "online_or_offline_pin_required": .authenticationRequired,

        "duplicate_transaction": .invalidRequest,
        "invalid_amount": .invalidRequest,
        "testmode_decline": .invalidRequest,
    ]
}
