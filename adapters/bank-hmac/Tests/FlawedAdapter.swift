import AdapterKit
import BankHMAC
import Synchronization

/// The adapter with one mistake put in, to show that the conformance suite finds it. It always lets the CVC be logged: what may be
/// logged belongs to the type.
struct FlawedAdapter: GatewayAdapter {
    enum Flaw: CaseIterable {
        case logsTooMuch, changesBytes, losesAmount, losesReference, emptiesVoid, cannotRefund, guessesDecline, guessesApproval
        case guessesInquiry, guessesAccount, mixesCodes, findsWithoutAsking, cannotAskAboutRefund, asksByTheirsAlone
        case countsEvents, emptiesEventID, mixesSubjects, guessesNoNews, explainsRefusals
    }

    static let name = "flawed"
    static let summary = "Wrong on purpose."
    static let settings: [SettingDescription] = []
    static let loggableMembers = BankHMACAdapter.loggableMembers.union(["cvc"])

    private final class Counter: Sendable {
        private let count = Mutex(0)
        func next() -> Int {
            count.withLock {
                $0 += 1
                return $0
            }
        }
    }

    private let sound: BankHMACAdapter
    private let flaw: Flaw
    private let counter = Counter()

    init(flaw: Flaw) throws {
        self.flaw = flaw
        sound = try .sample()
    }

    init(settings: AdapterSettings) throws(SettingsFailure) {
        flaw = .logsTooMuch
        sound = try BankHMACAdapter(settings: settings)
    }

    var authentication: Authentication { sound.authentication }
    var account: [String] { sound.account }

    var capabilities: Capabilities {
        var capabilities = sound.capabilities
        if flaw == .findsWithoutAsking || flaw == .asksByTheirsAlone { capabilities.inquiryByReference = false }
        if flaw == .asksByTheirsAlone { capabilities.notFoundFinalAfter = nil }
        return capabilities
    }

    func request(for operation: Operation) throws(EncodingFailure) -> GatewayRequest {
        switch (flaw, operation) {
        case (.losesAmount, .payment(var charge)):
            charge.money = Money(minorUnits: charge.money.minorUnits - 1, currency: charge.money.currency)
            return try sound.request(for: .payment(charge))
        case (.losesReference, .refund(var refund)):
            refund.reference = "ref_2"
            return try sound.request(for: .refund(refund))
        case (.cannotRefund, .refund): throw EncodingFailure(reason: "no refunds")
        case (.cannotAskAboutRefund, .refundInquiry), (.asksByTheirsAlone, .refundInquiry):
            throw EncodingFailure(reason: "no questions about refunds")
        case (.emptiesVoid, .void):
            var request = try sound.request(for: operation)
            request.body = []
            return request
        default:
            var request = try sound.request(for: operation)
            if flaw == .changesBytes { request.headers.add("X-Count", String(counter.next())) }
            return request
        }
    }

    func outcome(of response: GatewayResponse, for operation: Operation) -> Outcome {
        let outcome = sound.outcome(of: response, for: operation)
        switch (flaw, outcome) {
        case (.guessesDecline, .unknown): return .declined(Decline(category: .other, code: nil, message: nil))
        case (.guessesApproval, .unknown):
            guard let money = operation.money else { return outcome }
            return .approved(Approval(state: .captured, gatewayReference: nil, money: money))
        case (.mixesCodes, .declined(var decline)):
            decline.category = .other
            return .declined(decline)
        default: return outcome
        }
    }

    func inquiryAnswer(of response: GatewayResponse, for operation: Operation) -> InquiryAnswer {
        let answer = sound.inquiryAnswer(of: response, for: operation)
        if flaw == .guessesInquiry, case .unanswered = answer { return .notFound }
        return answer
    }

    func accountAnswer(of response: GatewayResponse, for operation: Operation) -> AccountAnswer {
        let answer = sound.accountAnswer(of: response, for: operation)
        if flaw == .guessesAccount, case .unanswered = answer { return .known(valid: false, holderName: nil) }
        return answer
    }

    func events(from callback: VerifiedCallback) throws(CallbackFailure) -> [CallbackEvent] {
        do {
            return try sound.events(from: callback).map { event in
                var event = event
                if flaw == .countsEvents { event.id += String(counter.next()) }
                if flaw == .emptiesEventID { event.id = "" }
                return event
            }
        } catch {
            if flaw == .guessesNoNews { return [] }
            throw flaw == .explainsRefusals ? CallbackFailure(reason: "cannot read evt_1") : error
        }
    }

    func subjects(of callback: UnprovenCallback) throws(CallbackFailure) -> [CallbackSubject] {
        try sound.subjects(of: callback).map { subject in
            var subject = subject
            if flaw == .mixesSubjects { subject.charge = "pay_2" }
            return subject
        }
    }
}
