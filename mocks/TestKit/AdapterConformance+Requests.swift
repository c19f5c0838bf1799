import AdapterKit

extension AdapterConformance {
    /// The least, a common and the greatest amount that a request may name.
    private var amounts: [Int64] { [Money.requestable.lowerBound, 12_345, Money.requestable.upperBound] }

    private var operations: [(sample: SampleOperation, operation: Operation)] {
        samples.flatMap { sample in
            methods.flatMap { method in
                currencies.flatMap { currency in
                    amounts.map { amount in
                        (
                            sample,
                            sample.operation(money: Money(minorUnits: amount, currency: currency), method: method, references)
                        )
                    }
                }
            }
        }
    }

    func requestFailures() -> [ConformanceFailure] {
        operations.flatMap { sample, operation -> [ConformanceFailure] in
            let label = label(of: operation, sample)
            guard let request = try? adapter.request(for: operation) else { return [.init(.encodesEveryOperation, label)] }
            let pieces = RequestPieces(request)
            let rules: [(rule: ConformanceFailure.Rule, holds: Bool)] = [
                (.encodesDeterministically, (try? adapter.request(for: operation)) == request),
                (.keepsAmount, !sample.namesAmount || operation.money.map { pieces.contains(amountText($0)) } == true),
                (.keepsReference, keepsReference(pieces, sample)),
                (.sendsBody, !operation.movesMoney || !request.body.isEmpty),
            ]
            return rules.filter { !$0.holds }.map { ConformanceFailure($0.rule, label) }
        }
    }

    /// A gateway that cannot be asked by our reference is asked by its own.
    private func keepsReference(_ pieces: RequestPieces, _ sample: SampleOperation) -> Bool {
        if sample == .accountValidation { return true }
        if sample == .inquiry, !adapter.capabilities.inquiryByReference { return pieces.contains(references.gateway) }
        return pieces.contains(referenceText(sample.reference(references)))
    }

    private func label(of operation: Operation, _ sample: SampleOperation) -> String {
        "\(sample.rawValue) of \(operation.money.map(\.description) ?? "no money")"
    }

    /// A target is logged as it is, a body as the loggable members allow.
    func privacyFailures() -> [ConformanceFailure] {
        samples.flatMap { sample in
            methods.flatMap { method -> [ConformanceFailure] in
                guard let currency = currencies.first else { return [] }
                let operation = sample.operation(
                    money: Money(minorUnits: 1000, currency: currency), method: method, references)
                guard let request = try? adapter.request(for: operation) else { return [] }
                return privacyFailures(of: request, "\(sample.rawValue) by \(method.kind.rawValue)", for: operation)
            }
        }
    }

    private func privacyFailures(of request: GatewayRequest, _ label: String, for operation: Operation) -> [ConformanceFailure] {
        let sent = String(decoding: request.body, as: UTF8.self)
        // A body that is not JSON has no members to keep, and is never logged.
        let redacted = (try? JSON(parsing: request.body))?.redacted(keeping: Adapter.loggableMembers).encoded() ?? []
        let logged = request.target + "\n" + String(decoding: redacted, as: UTF8.self)
        var failures = Canary.all.filter(logged.contains).map { ConformanceFailure(.redacts, "\(label) shows \($0)") }
        if operation.namesMethod, !Canary.all.contains(where: sent.contains) {
            failures.append(.init(.encodesEveryOperation, "\(label) says nothing of the method"))
        }
        return failures
    }
}

extension Operation {
    fileprivate var namesMethod: Bool {
        switch self {
        case .payment, .authorize: true
        default: false
        }
    }
}

/// What stands between punctuation in a target and a body: `pay_1`, `12345`, `10.00`, whatever the format around it.
private struct RequestPieces {
    private let pieces: Set<Substring>

    init(_ request: GatewayRequest) {
        let key = request.idempotencyKey ?? ""
        let text = [request.target, key, String(decoding: request.body, as: UTF8.self)].joined(separator: "\n")
        pieces = Set(text.split { !($0.isLetter || $0.isNumber || $0 == "_" || $0 == "-" || $0 == ".") })
    }

    func contains(_ text: String) -> Bool { pieces.contains(Substring(text)) }
}
