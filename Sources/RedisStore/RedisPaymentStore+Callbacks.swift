public import Payments

extension RedisPaymentStore {
    public func match(
        _ work: WorkID, at gateway: String, orWait callback: CallbackID, for duration: Duration
    ) async throws(StoreFailure) -> MatchResult {
        let arguments =
            [operation(of: work)] + [gateway, callback.text].map(RedisFields.bytes) + [RedisFields.bytes(duration)]
        let script = RedisScript.match.call(keys: keys.all(of: work.payment), arguments)
        let parts = try Self.parts(of: try await client.send([script]))
        switch parts.first?.text {
        case "found": return .matched(try RedisFields.work(parts))
        case "waits": return .waits
        case "full": throw StoreFailure(code: .full, detail: "as many callbacks as may wait for one payment")
        default: throw Self.unexpected
        }
    }

    public func waiting(for payment: PaymentID) async throws(StoreFailure) -> [CallbackID] {
        let range = RedisCommand("ZRANGE", keys.waiting(for: payment), "0", "-1")
        return Self.callbacks(try Self.parts(of: try await client.send([range])))
    }

    /// What is no id names no callback that is kept, and holds up no payment.
    static func callbacks(_ parts: some Sequence<RedisReply>) -> [CallbackID] {
        parts.compactMap { $0.text.flatMap { CallbackID($0) } }
    }

    public func note(_ mark: CallbackMark, _ entry: HistoryEntry, on payment: PaymentID) async throws(StoreFailure) -> NoteResult
    {
        var script = RedisScript.note.call(of: payment, keys)
        script.append(RedisFields.mark(mark))
        script.append([entry], of: payment)
        let parts = try Self.parts(of: try await client.send([script]))
        switch parts.first?.text {
        case "noted": return .noted
        case "duplicate": return .duplicate
        default: throw Self.unexpected
        }
    }
}
