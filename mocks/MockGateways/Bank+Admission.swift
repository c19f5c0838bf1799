extension Bank {
    /// Has a request judged and chooses what is to go wrong. Moves no money.
    func admit(_ request: CollectedRequest, overHTTP2: Bool) -> Admission {
        let reading = face.read(request, in: Books(bank: self), at: now())
        update { $0.counters.count(reading, overHTTP2: overHTTP2) }
        switch reading.content {
        case .refused(let reply), .unproved(let reply), .answered(let reply): return .answered(reply)
        case .asked(let asked): return admit(asked)
        }
    }

    private func admit(_ asked: Asked) -> Admission {
        var misbehaviour = update { $0.scenario.next(for: asked.call.operation) }
        if misbehaviour == nil, case .charge(let order) = asked.call {
            switch Misbehaviour.wish(in: order.description) {
            case .none: break
            case .granted(let wish): misbehaviour = wish
            case .unknown: return .answered(reply(.refused(.unknownWish), to: asked, nil))
            }
        }
        return .admitted(Visit(asked: asked, misbehaviour: misbehaviour?.spoken(by: face)))
    }

    /// Puts an answer into the bytes that are sent.
    func reply(_ answer: BankAnswer, to asked: Asked, _ misbehaviour: Misbehaviour?) -> Reply {
        let now = now()
        var reply = asked.writer.reply(answer, at: now)
        if let misbehaviour { reply.distort(misbehaviour) }
        asked.writer.seal(&reply, misbehaviour, at: now)
        return reply
    }
}

extension Counters {
    fileprivate mutating func count(_ reading: Reading, overHTTP2: Bool) {
        if overHTTP2 { http2Requests += 1 }
        if case .unproved = reading.content { signatureFailures += 1 }
        if case .answered = reading.content { return }
        if let operation = reading.operation { requests[operation, default: 0] += 1 } else { unroutedRequests += 1 }
    }
}
