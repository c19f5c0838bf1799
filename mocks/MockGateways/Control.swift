import AdapterKit

/// The control API: looks at the bank and makes it misbehave, from another process.
struct Control: Sendable {
    /// Charges that one answer lists, the newest.
    private static let listed = 10_000

    let bank: Bank

    func answer(_ request: CollectedRequest) -> Answer {
        let method = request.method
        let path = String(request.path)
        switch (method, path) {
        case ("GET", "/ledger"): return ledger()
        case ("GET", "/counters"): return .ok(bank.update { $0.counters.json })
        case ("GET", "/callbacks"): return .ok(bank.update { $0.callbacks }.json(newest: Self.listed))
        case ("POST", "/reset"):
            bank.reset()
            return .ok(.object([]))
        case ("POST", "/misbehave"): return changed { () throws(Refused) in try misbehave(try Self.object(request.body)) }
        case ("POST", "/settle"): return changed { () throws(Refused) in try settle(try Self.object(request.body)) }
        default: return method == "GET" ? charge(at: path) : .refusal(404, "UNKNOWN_PATH")
        }
    }

    /// Why a change is refused; said in the answer's `code`.
    private struct Refused: Error {
        let code: String
    }

    private func changed(_ change: () throws(Refused) -> Void) -> Answer {
        do {
            try change()
            return .ok(.object([]))
        } catch { return .refusal(422, error.code) }
    }

    private static func object(_ body: [UInt8]) throws(Refused) -> JSON {
        guard let json = try? JSON(parsing: body), json.members != nil else { throw Refused(code: "invalid_json") }
        return json
    }

    private static func text(_ name: String, in body: JSON) throws(Refused) -> String {
        guard let text = body[name]?.text else { throw Refused(code: "missing_\(name)") }
        return text
    }
}

// MARK: - Looking

extension Control {
    private static let ledgerPath = "/ledger/"

    private func ledger() -> Answer {
        let ledger = bank.update { $0.ledger }
        let newest = ledger.order.suffix(Self.listed).compactMap { ledger[$0]?.ledgerJSON }
        return .ok(
            .members([
                ("total", .integer(Int64(ledger.order.count))), ("money_movements", .integer(Int64(ledger.moneyMovements))),
                ("charges", .array(newest)),
            ]))
    }

    private func charge(at path: String) -> Answer {
        guard path.hasPrefix(Self.ledgerPath) else { return .refusal(404, "UNKNOWN_PATH") }
        let reference = String(path.dropFirst(Self.ledgerPath.count))
        return bank.update { $0.ledger[reference] }.map { .ok($0.ledgerJSON) } ?? .refusal(404, "NOT_FOUND")
    }
}

extension Counters {
    fileprivate var json: JSON {
        .members([
            ("requests", .members(BankOperation.allCases.map { ($0.rawValue, .integer(Int64(self[$0]))) })),
            ("unrouted_requests", .integer(Int64(unroutedRequests))), ("http2_requests", .integer(Int64(http2Requests))),
            ("signature_failures", .integer(Int64(signatureFailures))), ("connections", .integer(Int64(connections))),
            ("handshakes", .integer(Int64(handshakes))),
        ])
    }
}

extension Callbacks {
    fileprivate func json(newest count: Int) -> JSON {
        .members([
            ("acknowledged", .integer(Int64(acknowledged))), ("abandoned", .integer(Int64(abandoned))),
            ("dropped", .integer(Int64(dropped))), ("underway", .integer(Int64(underway))),
            ("attempts", .array(attempts.suffix(count).map(\.json))),
        ])
    }
}

extension CallbackAttempt {
    fileprivate var json: JSON {
        var members: [(String, JSON)] = [
            ("number", .integer(Int64(number))), ("reference", .string(reference)), ("event_id", .string(eventID)),
            ("nonce", .string(nonce)), ("timestamp", .string(timestamp.rfc3339WholeSeconds)),
        ]
        switch result {
        case .answered(let status): members.append(("status", .integer(Int64(status))))
        case .unanswered(let reason): members.append(("unanswered", .string(reason.rawValue)))
        }
        return .members(members)
    }
}

// MARK: - Changing

extension Control {
    /// `{"operation","name","times"}`, `times` 1 when left out.
    private func misbehave(_ body: JSON) throws(Refused) {
        guard let operation = BankOperation(rawValue: try Self.text("operation", in: body)) else {
            throw Refused(code: "unknown_operation")
        }
        guard let misbehaviour = Misbehaviour(try Self.text("name", in: body)) else { throw Refused(code: "unknown_name") }
        let asked = body["times"] ?? .integer(1)
        guard let times = asked.integer.flatMap({ Int(exactly: $0) }) else { throw Refused(code: "times_out_of_range") }
        do throws(ScriptFailure) {
            try bank.update { state throws(ScriptFailure) in try state.scenario.add(misbehaviour, to: operation, times: times) }
        } catch { throw Refused(code: error.rawValue) }
    }

    /// One settlement, or `{"settlements":[...]}` with those that happen at one moment.
    private func settle(_ body: JSON) throws(Refused) {
        var settlements: [Settlement] = []
        for item in body["settlements"]?.elements ?? [body] { settlements.append(try Self.settlement(item)) }
        do throws(SettleFailure) { try bank.settle(settlements) } catch { throw Refused(code: error.rawValue) }
    }

    /// `{"reference","status"}`, with `code` for a decline, with `refund` for a refund of that charge.
    private static func settlement(_ body: JSON) throws(Refused) -> Settlement {
        let reference = try text("reference", in: body)
        let status = try text("status", in: body)
        let notFinal = Refused(code: SettleFailure.notFinal.rawValue)
        if let refund = body["refund"]?.text {
            guard let status = Refund.Status(rawValue: status) else { throw notFinal }
            return Settlement(reference: refund, status: .refund(status, of: reference))
        }
        guard let status = Charge.Status(rawValue: status) else { throw notFinal }
        return Settlement(reference: reference, status: .charge(status), code: body["code"]?.text)
    }
}
