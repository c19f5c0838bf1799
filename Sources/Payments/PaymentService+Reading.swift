import AdapterKit

extension PaymentService {
    public func payment(_ id: PaymentID, call: Call) async -> Answer {
        await reading(call) { () async throws(Problem) -> JSON in try self.json(try await self.load(id, call).record) }
    }

    /// Newest first.
    public func payments(reference: String, limit: Int, call: Call) async -> Answer {
        await reading(call) { () async throws(Problem) -> JSON in
            let found = try await self.reachingStore { () async throws(StoreFailure) in
                try await self.store.payments(tenant: call.tenant, reference: reference, limit: limit)
            }
            var shown: [JSON] = []
            for stored in found { shown.append(try self.json(stored.record)) }
            return .members([("data", .array(shown))])
        }
    }

    public func gateways(call: Call) -> Answer {
        let shown = routing.gateways(of: call.tenant).map { gateway in
            let capabilities = gateway.adapter.capabilities
            return JSON.members([
                ("name", .string(gateway.name)), ("adapter", .string(gateway.adapterName)),
                ("operations", .array(capabilities.operations.map(\.rawValue).sorted().map { .string($0) })),
                ("methods", .array(capabilities.methods.map(\.rawValue).sorted().map { .string($0) })),
                ("breaker", .string(breakers.state(of: gateway.name).shown)),
            ])
        }
        return Answer(status: 200, body: JSON.members([("data", .array(shown))]).encoded())
    }

    /// Asks the first gateway that can tell; nothing is stored.
    public func validateAccount(_ request: AccountRequest, call: Call) async -> Answer {
        await reading(call) { () async throws(Problem) -> JSON in
            try self.admit()
            let candidates = self.routing.validators(of: request.account.kind.method, tenant: call.tenant, named: request.gateway)
            guard let gateway = candidates.first else {
                throw Problem(.noGateway, "No gateway of this tenant validates a \(request.account.kind.rawValue).")
            }
            let (valid, holder) = try await self.ask(request.account, at: gateway)
            return .members([
                ("type", .string(request.account.kind.rawValue)), ("value", .string(request.account.value)),
                ("valid", .bool(valid)),
                ("holder_name", .optional(holder)), ("gateway", .string(gateway.name)),
            ])
        }
    }

    private func ask(_ account: Operation.Account, at gateway: Gateway) async throws(Problem) -> (Bool, String?) {
        let operation = Operation.accountValidation(account)
        guard let request = try? gateway.adapter.request(for: operation) else {
            throw Problem(.validationFailed, "The gateway \(gateway.name) cannot be asked about this value.")
        }
        let reason: String
        switch await client.exchange(request, for: .accountValidation, at: gateway, signedAt: time.now()) {
        case .answered(let response):
            switch gateway.adapter.accountAnswer(of: response, for: operation) {
            case .known(let valid, let holder): return (valid, holder)
            case .unanswered(let why): reason = why
            }
        case .unverified: reason = "response_signature_invalid"
        case .unsigned(let why), .closed(let why): reason = why
        case .failed(let failure): reason = failure.code.rawValue
        }
        throw Problem(.gatewaysUnavailable, "The gateway \(gateway.name) gave no answer (\(reason)).", retryAfter: 1)
    }

    private func json(_ record: PaymentRecord) throws(Problem) -> JSON {
        record.json(try shown(record))
    }

    private func reading(_ call: Call, _ body: () async throws(Problem) -> JSON) async -> Answer {
        do { return Answer(status: 200, body: try await body().encoded()) } catch {
            return Answer(error, requestID: call.requestID)
        }
    }
}

extension Operation.Account.Kind {
    fileprivate var method: PaymentMethod.Kind {
        switch self {
        case .vpa: .upi
        case .pixKey: .pix
        case .bankAccount: .bankTransfer
        }
    }
}

extension BreakerState {
    /// In the words of openapi.yaml, `Gateway.breaker`: forced closed is closed.
    fileprivate var shown: String { self == .forcedClosed ? BreakerState.closed.rawValue : rawValue }
}
