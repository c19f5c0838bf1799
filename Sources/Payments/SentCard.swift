import AdapterKit

/// Takes out of a gateway's answer what it repeats of the card that it was just sent. `CardNumberMask` knows a number by its form; a
/// CVC, and a number in the middle of an address, only whoever has sent them.
struct SentCard {
    private let number: String?
    private let cvc: String?

    /// `nil` for any other method.
    init?(_ method: PaymentMethod) {
        guard case .card(let card) = method else { return nil }
        number = card.number
        cvc = card.cvc
    }

    func masked(_ outcome: Outcome) -> Outcome {
        switch outcome {
        case .declined(var decline):
            decline.message = decline.message.map(maskedText)
            return .declined(decline)
        case .rejected(var rejection):
            rejection.message = rejection.message.map(maskedText)
            return .rejected(rejection)
        case .requiresAction(var action, let reference):
            action.url = action.url.map(maskedAddress)
            action.qrPayload = action.qrPayload.map(maskedAddress)
            return .requiresAction(action, gatewayReference: reference)
        case .approved, .pending, .notProcessed, .unknown: return outcome
        }
    }

    /// Not by its form: many addresses and QR codes hold long numbers, and would lead nowhere without them.
    private func maskedAddress(_ text: String) -> String {
        guard let number else { return text }
        return text.replacing(number, with: "masked")
    }

    private func maskedText(_ text: String) -> String {
        guard let cvc else { return text }
        // Where its digits stand alone: as part of a longer number they are not it.
        let words = text.split(omittingEmptySubsequences: false) { !$0.isNumber }
        guard words.contains(where: { $0 == cvc }) else { return text }
        var masked = ""
        var end = text.startIndex
        for word in words where word == cvc {
            masked += text[end..<word.startIndex] + "<masked>"
            end = word.endIndex
        }
        return masked + text[end...]
    }
}
