import AdapterKit
import Signing
import Synchronization

/// The bank behind its listeners: judges requests, keeps the books, misbehaves as told. Knows no sockets.
final class Bank: Sendable {
    struct State: Sendable {
        var ledger = Ledger()
        var counters = Counters()
        var scenario = Scenario()
        var callbacks = Callbacks()
        var waiting: [Waiting] = []

        /// Takes out those whose condition has become true.
        mutating func wake() -> [Waiting] {
            let sleepers = waiting
            waiting = []
            var awake: [Waiting] = []
            for sleeper in sleepers {
                if sleeper.condition(self) { awake.append(sleeper) } else { waiting.append(sleeper) }
            }
            return awake
        }
    }

    /// Someone who waits until the bank has come so far.
    struct Waiting: Sendable {
        let condition: @Sendable (State) -> Bool
        let continuation: CheckedContinuation<Void, Never>
    }

    /// A request that was let in, with what is to go wrong.
    struct Visit: Sendable {
        let call: BankCall
        let misbehaviour: Misbehaviour?
        let requestID: String
        let key: SigningKey
    }

    enum Admission: Sendable {
        case refused(Reply)
        case admitted(Visit)
    }

    private let gatekeeper: Gatekeeper
    /// `nil` where nobody is called back.
    let sender: CallbackSender?
    let now: @Sendable () -> Timestamp
    private let state = Mutex(State())

    init(tenant: String, keys: [SigningKey], sender: CallbackSender? = nil, now: @escaping @Sendable () -> Timestamp) {
        gatekeeper = Gatekeeper(tenant: tenant, keys: keys)
        self.sender = sender
        self.now = now
    }

    /// The one way to the state: wakes those whose condition has become true.
    func update<Result: Sendable, Failure: Error>(
        _ change: (inout State) throws(Failure) -> sending Result
    ) throws(Failure) -> Result {
        let (result, awake) = try state.withLock { state throws(Failure) in
            (try change(&state), state.wake())
        }
        for waiting in awake { waiting.continuation.resume() }
        return result
    }
}

// MARK: - Admission

extension Bank {
    /// Judges a request and chooses what is to go wrong. Moves no money.
    func admit(_ request: CollectedRequest, overHTTP2: Bool) -> Admission {
        let route = BankRoute(method: request.method, path: request.path)
        update { $0.counters.count(route?.operation, overHTTP2: overHTTP2) }
        let requestID = request.only("X-Request-Id") ?? ""
        switch gatekeeper.judge(request, at: now()) {
        case .refused(let code): return refuseSignature(code, requestID, key: gatekeeper.keys.signing(at: now()))
        case .known(let key):
            guard let route else { return refuse(.refusal(404, "UNKNOWN_PATH"), requestID, key: key) }
            return admit(request, to: route, requestID: requestID, key: key)
        }
    }

    private func admit(_ request: CollectedRequest, to route: BankRoute, requestID: String, key: SigningKey) -> Admission {
        let call: BankCall
        do { call = try BankCall(route, body: request.body) } catch {
            return refuse(.refusal(400, error.code), requestID, key: key)
        }
        guard call.accepts(idempotencyKey: request.only("Idempotency-Key")) else {
            return refuseSignature("IDEMPOTENCY_KEY_MISMATCH", requestID, key: key)
        }
        var misbehaviour = update { $0.scenario.next(for: route.operation) }
        if misbehaviour == nil, case .charge(let order) = call {
            switch Misbehaviour.wish(in: order.description) {
            case .none: break
            case .granted(let wish): misbehaviour = wish
            case .unknown: return refuse(.refusal(422, "UNKNOWN_MISBEHAVIOUR"), requestID, key: key)
            }
        }
        return .admitted(Visit(call: call, misbehaviour: misbehaviour, requestID: requestID, key: key))
    }

    private func refuseSignature(_ code: String, _ requestID: String, key: SigningKey?) -> Admission {
        update { $0.counters.signatureFailures += 1 }
        return refuse(.refusal(401, code), requestID, key: key)
    }

    private func refuse(_ answer: Answer, _ requestID: String, key: SigningKey?) -> Admission {
        .refused(AnswerWriter(now: now(), requestID: requestID, key: key).reply(answer))
    }
}

extension BankCall {
    /// Every POST carries a key: the reference where there is one, any where there is none.
    fileprivate func accepts(idempotencyKey sent: String?) -> Bool {
        switch self {
        case .inquiry, .refundInquiry: true
        case .accountValidation: sent?.isEmpty == false
        case .charge, .capture, .void, .refund: sent == idempotencyKey
        }
    }
}

extension Counters {
    fileprivate mutating func count(_ operation: BankOperation?, overHTTP2: Bool) {
        if let operation { requests[operation, default: 0] += 1 } else { unroutedRequests += 1 }
        if overHTTP2 { http2Requests += 1 }
    }
}

// MARK: - Acting

extension Bank {
    /// What is answered, and what is told by itself after that.
    struct Deed: Sendable {
        let reply: Reply
        let news: News?
    }

    /// Acts, unless the misbehaviour is not to, and puts the answer into bytes.
    func act(on visit: Visit) -> Deed {
        let writer = AnswerWriter(now: now(), requestID: visit.requestID, key: visit.key)
        let (answer, news) = answer(to: visit)
        return Deed(reply: writer.reply(answer, visit.misbehaviour), news: news)
    }

    private func answer(to visit: Visit) -> (Answer, News?) {
        if let refusal = visit.misbehaviour?.refusal { return (refusal, nil) }
        let now = now()
        let tellsEverything = sender?.destination.tellsEverything ?? false
        var (answer, news) = update { state in
            let issued = state.ledger.issued
            let answer = state.ledger.answer(visit.call, visit.misbehaviour, at: now)
            // A repeat opens nothing: it is no news.
            guard state.ledger.issued > issued else { return (answer, News?.none) }
            return (answer, News(of: visit.call, visit.misbehaviour, in: state.ledger, tellsEverything: tellsEverything))
        }
        visit.misbehaviour?.reword(&answer)
        return (answer, news)
    }
}

extension Ledger {
    fileprivate mutating func answer(_ call: BankCall, _ misbehaviour: Misbehaviour?, at now: Timestamp) -> Answer {
        let decision = misbehaviour?.decision ?? .approve
        switch call {
        case .charge(let order): return charge(order, decision, at: now)
        case .refund(let charge, let reference, let amount): return refund(reference, of: charge, amount: amount, decision)
        case .accountValidation(let value): return Self.validation(of: value)
        case .inquiry(let charge): return reworded(inquiry(charge), misbehaviour)
        case .refundInquiry(let charge, let reference): return reworded(refundInquiry(reference, of: charge), misbehaviour)
        case .capture(let charge, let reference, let amount):
            if misbehaviour?.isDecision == true { return reworded(inquiry(charge), misbehaviour) }
            return capture(reference, of: charge, amount: amount)
        case .void(let charge, let reference):
            if misbehaviour?.isDecision == true { return reworded(inquiry(charge), misbehaviour) }
            return void(reference, of: charge)
        }
    }

    private func reworded(_ answer: Answer, _ misbehaviour: Misbehaviour?) -> Answer {
        var answer = answer
        misbehaviour?.reword(statusOf: &answer)
        return answer
    }

    /// Every account exists, except those whose value says `invalid`.
    private static func validation(of value: String) -> Answer {
        let isValid = !value.isEmpty && !value.contains("invalid")
        return .ok(.members([("valid", .bool(isValid)), ("holder_name", isValid ? .string("Mock Holder") : .null)]))
    }
}
