import AdapterKit
import Payments
import TestKit

/// Compares what the service said and stored with the banks' books (idempotency.md, "The promises").
final class Checker: @unchecked Sendable {  // its schedule's thread alone touches it
    private(set) var violations: [String] = []
    let schedule: SimulatedSchedule
    let banks: [SimulatedBank]
    let storage: SimulatedStorage
    let derivation: Derivation
    /// Asks that were answered 202, heard or not: from then on a repeat shows what is, and no answer is fixed (K3).
    private var shown: Set<Ask> = []
    /// The status of each payment as it was written last.
    private var statuses: [PaymentID: PaymentRecord.Status] = [:]
    private(set) var told: [Ask: [Said]] = [:]
    /// The event that was written last of each payment and refund.
    private(set) var lastEvents: [String: PaymentEvent] = [:]

    init(schedule: SimulatedSchedule, banks: [SimulatedBank], storage: SimulatedStorage, derivation: Derivation) {
        self.schedule = schedule
        self.banks = banks
        self.storage = storage
        self.derivation = derivation
    }

    /// A store that has lost its last second keeps one promise: what reaches a gateway twice reaches it under one reference.
    var knowsReferencesOnly = false

    func failReference(_ text: @autoclosure () -> String) { report("P1", text()) }

    func fail(_ rule: String, _ text: @autoclosure () -> String) {
        if !knowsReferencesOnly { report(rule, text()) }
    }

    private func report(_ rule: String, _ text: @autoclosure () -> String) {
        let line = "\(rule): \(text())"
        schedule.note("VIOLATION \(line)")
        if violations.count < 20 { violations.append(line) }
    }

    // MARK: As it happens

    /// P1 holds at every moment, unless a bank broke its own word.
    func booked(_ charge: SimulatedCharge, at bank: SimulatedBank, isExcused: Bool) {
        let bookings = bank.charges(charge.reference).filter { $0.held > 0 }
        if bookings.count > 1 { failReference("\(bank.name) holds \(charge.reference) \(bookings.count) times") }
        guard !isExcused else { return }
        for other in banks where other !== bank && other.held(charge.reference) > 0 {
            fail("P1", "\(bank.name) and \(other.name) both hold \(charge.reference)")
        }
    }

    /// P3 for what is stored.
    func written(_ settlement: Settlement, excused: Set<String>) {
        let record = settlement.record
        for entry in settlement.history { schedule.count(entry.event) }
        for event in settlement.events { note(event) }
        schedule.note(
            "stored \(record.id) v\(record.version) \(record.status.rawValue) \(record.processingReason?.rawValue ?? "") at \(record.gateway ?? "-")"
        )
        guard !excused.contains(record.id.text), statuses.updateValue(record.status, forKey: record.id) != record.status else {
            return
        }
        switch record.status {
        case .failed, .canceled:
            for bank in banks where bank.held(record.id.text) > 0 {
                fail("P3", "\(record.id) is stored \(record.status.rawValue) while \(bank.name) holds it")
            }
        case .succeeded, .authorized:
            let bank = banks.first { $0.name == record.gateway }
            if bank?.charges(record.id.text).contains(where: \.wasApproved) != true {
                fail("P3", "\(record.id) is stored \(record.status.rawValue) at \(record.gateway ?? "-"), which never took it")
            }
        default: break
        }
    }

    /// Events are in order, and none is told twice; but for a settlement that is repeated after a lost reply.
    private func note(_ event: PaymentEvent) {
        schedule.count("event \(event.kind.rawValue)")
        if let last = lastEvents[event.object], last.version >= event.version || last.kind == event.kind,
            last.version != event.version || last.kind != event.kind
        {
            fail(
                "events",
                "\(event.object) is told \(event.kind.rawValue) v\(event.version) after \(last.kind.rawValue) v\(last.version)")
        }
        lastEvents[event.object] = event
    }

    /// T4: what is answered is stored by then.
    func answered(_ said: Said, to ask: Ask, by process: String) async {
        schedule.note("\(process) answers \(ask.key) \(said.answer.status) \(said.status ?? said.code ?? "")")
        if said.answer.status == 202 { shown.insert(ask) }
        guard said.answer.status == 201, ask.operation == nil, let id = derivation.payment(tenant: World.tenant, key: ask.key)
        else { return }
        let stored = try? await storage.kept.payment(id, tenant: World.tenant)
        switch stored?.record.status {
        case nil, .processing, .queued: fail("T4", "\(id) is answered 201, and is not stored")
        default: break
        }
    }

    /// P4: what is acknowledged is stored by then.
    func acknowledged(_ word: GatewayWord, _ reception: Reception, by process: String) async {
        schedule.note(
            "\(process) acknowledges \(word.gateway) \(word.refund ?? word.charge) \(word.outcome.kind.rawValue): \(reception)")
        schedule.count("callback \(reception)")
        // What it said was stored when it came first, and an operator may have put the payment back since.
        guard reception != .duplicate, word.refund == nil, case .approved = word.outcome, let id = PaymentID(word.charge),
            let record = try? await storage.kept.payment(id, tenant: World.tenant)?.record
        else { return }
        switch record.status {
        case .processing, .queued, .requiresAction:
            fail("P4", "\(word.gateway)'s success of \(id) is acknowledged, and it is stored \(record.status.rawValue)")
        case .authorized, .succeeded, .failed, .canceled, .manualReview: break
        }
    }

    // MARK: What callers were told

    func told(_ said: Said, to ask: Ask) {
        if said.answer.replayed { schedule.count("replay") }
        guard !said.isTransient else { return }
        if !shown.contains(ask), let first = told[ask]?.first, first.isFixed, said.answer.body != first.answer.body {
            schedule.note("first \(String(decoding: first.answer.body, as: UTF8.self))")
            schedule.note("then \(String(decoding: said.answer.body, as: UTF8.self))")
            fail("K3", "\(ask.key) was answered \(first.answer.status), and then \(said.answer.status) with other bytes")
        }
        told[ask, default: []].append(said)
    }
}

extension SimulatedCharge {
    /// Whether it was ever authorised or captured.
    var wasApproved: Bool { status == .authorized || !captures.isEmpty || !voids.isEmpty }
}
