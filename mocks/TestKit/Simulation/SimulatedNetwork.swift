package import AdapterKit
package import Payments

/// What becomes of one request, as the seed has it.
package struct SimulatedExchange: Sendable {
    package enum End: Sendable {
        /// The bank's answer, perhaps altered on its way.
        case answer(@Sendable (SimulatedReply) -> SimulatedReply)
        /// The bank's answer, signed by somebody else.
        case forged
        /// An answer of something that stands before the bank.
        case instead(SimulatedReply)
        case failure(TransportFailure)
    }

    package var name: String
    /// Microseconds until the bank carries the request out; `nil`: never.
    package var arrival: Int64?
    /// Microseconds until the caller has the end.
    package var duration: Int64
    package var end: End

    package init(_ name: String, arrival: Int64?, duration: Int64, end: End) {
        self.name = name
        self.arrival = arrival
        self.duration = duration
        self.end = end
    }
}

/// The way between replicas and banks. A request that has left arrives whether or not its sender still lives.
package final class SimulatedNetwork: @unchecked Sendable {  // its schedule's thread alone touches it
    private struct Underway {
        let process: SimulatedProcess
        let alarm: UInt64
        let delivery: Delivery
        let carry: @Sendable () -> Void
    }

    private final class Delivery: @unchecked Sendable {  // its schedule's thread alone touches it
        var reply: SimulatedReply?
        var endedAt: Int64?
    }

    package let schedule: SimulatedSchedule
    package let banks: [String: SimulatedBank]
    /// What becomes of a request.
    package var plan: @Sendable (EgressRequest, SimulatedBank, Endpoint) -> SimulatedExchange
    /// Charges that a bank booked although it had to say "not found" for good: later than 2 s after their sender saw the end.
    package private(set) var bookedTooLate: Set<String> = []
    /// Told of every answer that a process received.
    package var received: (@Sendable (SimulatedProcess, EgressRequest, SimulatedReply) -> Void)?
    private var underway: [UInt64: Underway] = [:]
    private var numbers: UInt64 = 0
    private var delayed = 0

    package init(
        schedule: SimulatedSchedule, banks: [SimulatedBank],
        plan: @escaping @Sendable (EgressRequest, SimulatedBank, Endpoint) -> SimulatedExchange
    ) {
        self.schedule = schedule
        self.banks = Dictionary(banks.map { ($0.name, $0) }) { first, _ in first }
        self.plan = plan
    }

    /// Whether no request is on its way.
    package var isIdle: Bool { underway.isEmpty && delayed == 0 }

    /// Requests of a process that died before it saw their end may lie about and arrive at any time later.
    package func delay(requestsOf process: SimulatedProcess, by delay: (Int) -> Int64) {
        for number in underway.keys.sorted() {
            guard let request = underway[number], request.process === process, request.delivery.endedAt == nil else { continue }
            schedule.cancel(request.alarm)
            underway[number] = nil
            delayed += 1
            schedule.after(delay(Int(number))) {
                self.delayed -= 1
                request.carry()
            }
        }
    }

    fileprivate func exchange(
        _ request: EgressRequest, at endpoint: Endpoint, for process: SimulatedProcess
    ) async -> Result<GatewayResponse, TransportFailure> {
        guard let bank = banks[String(endpoint.host.prefix { $0 != "." })] else { return .failure(.sample(.nameNotResolved)) }
        let exchange = plan(request, bank, endpoint)
        schedule.note("\(process.name) \(request.method.rawValue) \(bank.name) \(request.reference): \(exchange.name)")
        schedule.count(exchange.name)
        let delivery = Delivery()
        if let arrival = exchange.arrival { send(request, to: bank, after: arrival, for: process, delivery) }
        await process.rest(max(exchange.duration, 1))
        delivery.endedAt = schedule.elapsed
        return end(exchange, of: request, at: bank, for: process, delivery)
    }

    private func send(
        _ request: EgressRequest, to bank: SimulatedBank, after arrival: Int64, for process: SimulatedProcess,
        _ delivery: Delivery
    ) {
        numbers += 1
        let number = numbers
        let carry: @Sendable () -> Void = {
            self.underway[number] = nil
            self.carry(request, to: bank, delivery)
        }
        underway[number] = Underway(
            process: process, alarm: schedule.after(arrival, carry), delivery: delivery, carry: carry)
    }

    private func carry(_ request: EgressRequest, to bank: SimulatedBank, _ delivery: Delivery) {
        if let end = delivery.endedAt, schedule.elapsed > end + 2_000_000, request.method == .post {
            bookedTooLate.insert(request.charge)
        }
        delivery.reply = bank.receive(request)
    }

    private func end(
        _ exchange: SimulatedExchange, of request: EgressRequest, at bank: SimulatedBank, for process: SimulatedProcess,
        _ delivery: Delivery
    ) -> Result<GatewayResponse, TransportFailure> {
        switch exchange.end {
        case .failure(let failure): return .failure(failure)
        case .instead(let reply): return .success(bank.signed(reply, to: request))
        case .forged:
            return .success(bank.signed(delivery.reply ?? .refusal(500, "LOST"), to: request, secret: "somebody-else"))
        case .answer(let alter):
            guard let reply = delivery.reply else { return .failure(.sample(.attemptTimedOut)) }
            let altered = alter(reply)
            schedule.note("\(process.name) hears \(bank.name) \(altered.status) \(altered.body["status"]?.text ?? "")")
            received?(process, request, altered)
            return .success(bank.signed(altered, to: request))
        }
    }
}

/// One process's end of the network.
package struct SimulatedTransport: EgressTransport {
    private let network: SimulatedNetwork
    private let process: SimulatedProcess

    package init(network: SimulatedNetwork, process: SimulatedProcess) {
        self.network = network
        self.process = process
    }

    package func send(_ request: EgressRequest, to endpoint: Endpoint) async throws(TransportFailure) -> GatewayResponse {
        await process.step("send")
        let end = await network.exchange(request, at: endpoint, for: process)
        await process.step("sent")
        return try end.get()
    }
}
