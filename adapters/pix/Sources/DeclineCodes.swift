public import AdapterKit

extension PixAdapter {
    /// protocols/pix.md, 4: reasons of the settlement system (ISO 20022 external codes), which a refused refund may name in its
    /// text, and the words by which the API itself ends a charge or a refund.
    public static let declineCategories: [String: FailureCategory] = [
        "AB03": .issuerUnavailable,
        "AB09": .issuerUnavailable,
        "AC03": .invalidInstrument,
        "AC06": .notPermitted,
        "AC07": .accountClosed,
        "AC14": .invalidInstrument,
        "AG03": .notPermitted,
        "AM01": .invalidRequest,
        "AM02": .limitExceeded,
        "AM04": .insufficientFunds,
        "BE01": .invalidInstrument,
        "DS04": .doNotHonor,
        "ED05": .issuerUnavailable,
        "RR04": .notPermitted,
        "NAO_REALIZADO": .other,
        "REMOVIDA_PELO_PSP": .other,
        "PermanentementeRemovido": .other,
    ]

    /// The first word of the text that is a reason of the table.
    static func rejectCode(in text: String?) -> String? {
        text?.split { !($0.isASCII && ($0.isLetter || $0.isNumber)) }.map(String.init).first { declineCategories[$0] != nil }
    }

    static func decline(_ code: String, message: String?, gatewayReference: String?) -> Outcome {
        .declined(
            Decline(
                category: declineCategories[code] ?? .other, code: code, message: message, gatewayReference: gatewayReference))
    }
}
