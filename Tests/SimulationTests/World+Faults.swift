import AdapterKit
import Payments
import TestKit

/// What can become of a request to a bank.
enum BankFault: CaseIterable {
    case connectRefused, tlsRefused, cutBefore, cutAfter, cutLate, timeout, timeoutBooked, timeoutLate
    case serverErrorBefore, serverErrorAfter, rateLimited, notProcessed, unauthorized, wrongAmount, wrongReference, forged
}

/// What goes wrong, as the seed has it.
extension World {
    func plan(_ request: EgressRequest, at bank: SimulatedBank, _ endpoint: Endpoint) -> SimulatedExchange {
        let arrival = Int64(schedule.dice.within(500...40_000))
        let duration = arrival + Int64(schedule.dice.within(500...40_000))
        guard !isCalm, schedule.dice.chance(scenario.faults), let fault = schedule.dice.pick(scenario.menu) else {
            return SimulatedExchange("heard", arrival: arrival, duration: duration, end: .answer { $0 })
        }
        return exchange(fault, request, arrival, duration, limit: endpoint.attemptTimeout.wholeMicroseconds)
    }

    private func exchange(
        _ fault: BankFault, _ request: EgressRequest, _ arrival: Int64, _ duration: Int64, limit: Int64
    ) -> SimulatedExchange {
        func made(_ arrival: Int64?, _ duration: Int64, _ end: SimulatedExchange.End) -> SimulatedExchange {
            SimulatedExchange("\(fault)", arrival: arrival, duration: duration, end: end)
        }
        switch fault {
        case .connectRefused: return made(nil, duration, .failure(.sample(.connectRefused)))
        case .tlsRefused: return made(nil, duration, .failure(.sample(.clientCertificateRefused)))
        case .cutBefore: return made(nil, duration, .failure(.sample(.connectionLost)))
        case .cutAfter: return made(arrival, duration, .failure(.sample(.connectionLost)))
        case .cutLate: return made(late(duration), duration, .failure(.sample(.connectionLost)))
        case .timeout: return made(nil, limit, .failure(.sample(.attemptTimedOut)))
        case .timeoutBooked:
            return made(Int64(schedule.dice.within(1...Int(limit))), limit, .failure(.sample(.attemptTimedOut)))
        case .timeoutLate: return made(late(limit), limit, .failure(.sample(.attemptTimedOut)))
        case .serverErrorBefore: return made(nil, duration, .instead(.refusal(500, "INTERNAL")))
        case .serverErrorAfter: return made(arrival, duration, .answer { _ in .refusal(500, "INTERNAL") })
        case .rateLimited:
            var reply = SimulatedReply.refusal(429, "TOO_MANY")
            if schedule.dice.chance(0.5) { reply.headers = [("Retry-After", "\(schedule.dice.within(0...5))")] }
            return made(nil, duration, .instead(reply))
        case .notProcessed:
            var reply = SimulatedReply.refusal(503, "UNAVAILABLE")
            reply.headers = [("X-Not-Processed", "true")]
            return made(nil, duration, .instead(reply))
        case .unauthorized: return made(nil, duration, .instead(.refusal(401, "UNAUTHORIZED")))
        case .wrongAmount: return made(arrival, duration, .answer { $0.setting("amount", .integer(1)) })
        case .wrongReference: return made(arrival, duration, .answer { $0.setting("reference", .string("pay_another")) })
        case .forged: return made(arrival, duration, .forged)
        }
    }

    /// The bank carries it out after its sender saw the end: within the 2 s after which "not found" is final, or, of a bank that breaks
    /// its word, later.
    private func late(_ duration: Int64) -> Int64 {
        let isBreach = scenario.hasBreaches && schedule.dice.chance(0.5)
        return duration + Int64(isBreach ? schedule.dice.within(2_000_001...290_000_000) : schedule.dice.within(1...1_900_000))
    }

    func decision() -> SimulatedCharge.Decision {
        let wait = SimulatedCharge.Decision.wait(
            seconds: schedule.dice.within(1...200), isApproved: schedule.dice.chance(0.7), asksPayer: schedule.dice.chance(0.5))
        let decline = SimulatedCharge.Decision.decline(schedule.dice.pick(["05", "51", "91"]) ?? "05")
        return schedule.dice.pick([(70, .approve), (15, decline), (14, wait), (1, .approveOther(amount: 1))]) ?? .approve
    }

    /// What a reversal gives back is given back in the end, or the bank says no.
    func refundDecision(_ reference: String) -> SimulatedCharge.Decision {
        if reference.hasPrefix("rev_") {
            let wait = SimulatedCharge.Decision.wait(seconds: schedule.dice.within(1...60), isApproved: true, asksPayer: false)
            if scenario.reversalsWait { return wait }
            return schedule.dice.pick([(60, .approve), (35, wait), (5, .decline("05"))]) ?? .approve
        }
        let wait = SimulatedCharge.Decision.wait(
            seconds: schedule.dice.within(1...60), isApproved: schedule.dice.chance(0.7), asksPayer: false)
        return schedule.dice.pick([(80, .approve), (10, .decline("05")), (10, wait)]) ?? .approve
    }

    /// The store dies, loses what it has not yet put on disk, and is back some seconds later.
    func loseStore() {
        guard scenario.losesStore, let journal = storage.journal else { return }
        schedule.after(Int64(schedule.dice.within(1_000_000...20_000_000))) { [unowned self] in
            schedule.note("the store dies")
            schedule.count("store lost")
            isStoreDown = true
            callers.start { [unowned self] in
                storage.replace(with: await journal.store(without: .seconds(1)))
                await callers.rest(Int64(schedule.dice.within(100_000...5_000_000)))
                schedule.note("the store is back")
                isStoreDown = false
            }
        }
    }

    func storeFault() -> SimulatedStorage.Fault? {
        if isStoreDown { return .away }
        guard !isCalm, schedule.dice.chance(scenario.storeFaults) else { return nil }
        schedule.count("store")
        return schedule.dice.chance(0.5) ? .away : .replyLost
    }
}

extension SimulatedReply {
    fileprivate func setting(_ name: String, _ value: JSON) -> SimulatedReply {
        guard let members = body.members, body[name] != nil else { return self }
        var altered = self
        altered.body = .object(members.map { $0.name == name ? JSON.Member(name, value) : $0 })
        return altered
    }
}
