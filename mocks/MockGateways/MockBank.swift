public import AdapterKit

/// A gateway with books of its own that speaks one of the protocols and misbehaves on request, within this process.
public final class MockBank: Sendable {
    /// What the bank shows and asks for in the handshake; all PEM.
    public struct TLS: Sendable {
        public var certificatePEM: [UInt8]
        public var keyPEM: [UInt8]
        /// Who signs the certificates of clients; a client without one is turned away in the handshake. `nil` asks for none.
        public var clientCAPEM: [UInt8]?
        /// Whether nothing newer than TLS 1.2 is spoken, as old banks do.
        public var isLimitedToTLS12 = false

        public init(certificatePEM: [UInt8], keyPEM: [UInt8], clientCAPEM: [UInt8]?) {
            self.certificatePEM = certificatePEM
            self.keyPEM = keyPEM
            self.clientCAPEM = clientCAPEM
        }
    }

    public struct Configuration: Sendable {
        public var address = "127.0.0.1"
        /// 0 takes a free one.
        public var port = 0
        /// `nil` is plain HTTP.
        public var tls: TLS?
        /// What it speaks, and whom it lets in.
        public var face: GatewayFace
        /// Whether HTTP/2 is offered by ALPN; it needs `tls`.
        public var http2 = false
        /// The port of the control API on 127.0.0.1, 0 for a free one; `nil` is none.
        public var controlPort: Int?
        /// Who is called back when a charge or refund changes by itself; `nil` is nobody.
        public var callbacks: CallbackDestination?
        /// What is answered before the books are asked; of each folder `life.json` only where there are none.
        public var expectations: [ExpectationFolder] = []
        /// Whether there are no books: what no expectation matches is answered 404.
        public var isStatic = false
        /// The wall clock.
        public var now: @Sendable () -> Timestamp

        public init(face: GatewayFace, now: @escaping @Sendable () -> Timestamp) {
            self.face = face
            self.now = now
        }

        /// A bank that speaks bank-hmac.
        public init(tenant: String, keys: [SigningKey], now: @escaping @Sendable () -> Timestamp) {
            self.init(face: .bankHMAC(tenant: tenant, keys: keys), now: now)
        }
    }

    /// Where the bank listens.
    public let port: Int
    /// Where the control API listens.
    public let controlPort: Int?
    private let bank: Bank
    private let listeners: [Listener]

    private init(bank: Bank, listener: Listener, control: Listener?) {
        self.bank = bank
        port = listener.port
        controlPort = control?.port
        listeners = [listener] + [control].compactMap { $0 }
    }

    /// Binds and serves until `stop`.
    /// - Throws: `ExpectationRefusal` when there are too many expectations; what NIO and NIOSSL say when a certificate cannot be read or a port cannot be had.
    public static func start(_ configuration: Configuration) async throws -> MockBank {
        let face = configuration.face.face
        let sender = try configuration.callbacks.map { try CallbackSender($0, face: face, now: configuration.now) }
        let bank = Bank(face: face, sender: sender, isStatic: configuration.isStatic, now: configuration.now)
        for folder in configuration.expectations {
            _ = try bank.expectations.add(configuration.isStatic ? folder.expectations : folder.expectationsBesideBooks)
        }
        let listener = try await BankListener(bank: bank, tls: configuration.tls, http2: configuration.http2)
            .bind(configuration.address, configuration.port)
        guard let controlPort = configuration.controlPort else { return MockBank(bank: bank, listener: listener, control: nil) }
        do {
            let control = try await ControlListener(bank: bank, gatewayPort: listener.port).bind(port: controlPort)
            return MockBank(bank: bank, listener: listener, control: control)
        } catch {
            await listener.close()
            throw error
        }
    }

    /// Ends the listeners and every connection; what was to be called back is not any more.
    public func stop() async {
        for listener in listeners { await listener.close() }
        await bank.sender?.stop()
    }

    public var ledger: Ledger { bank.update { $0.ledger } }

    public var counters: Counters { bank.update { $0.counters } }

    public var callbacks: Callbacks { bank.update { $0.callbacks } }

    /// Misbehaves so at the next `times` requests (1 to 1,000,000) for this operation. Rules go before the wish of a description;
    /// of several rules the oldest is used up first.
    public func script(_ misbehaviour: Misbehaviour, for operation: BankOperation, times: Int = 1) throws(ScriptFailure) {
        try bank.update { state throws(ScriptFailure) in try state.scenario.add(misbehaviour, to: operation, times: times) }
    }

    /// Forgets what was scripted and is not used up.
    public func forgetScript() { bank.update { $0.scenario = Scenario() } }

    /// Decides a charge that is `PENDING` or `ACTION_REQUIRED`, and calls back.
    public func resolve(_ reference: String, as resolution: Resolution) throws(SettleFailure) {
        try bank.announce(News(subject: .charge(reference), resolution: resolution))
    }

    /// Decides a refund that is `PENDING`, and calls back.
    public func resolveRefund(_ reference: String, of charge: String, as resolution: Resolution) throws(SettleFailure) {
        try bank.announce(News(subject: .refund(reference, of: charge), resolution: resolution))
    }

    /// As `resolve`, into any final state.
    public func settle(_ reference: String, as status: Charge.Status, code: String? = nil) throws(SettleFailure) {
        try bank.settle([Settlement(reference: reference, status: .charge(status), code: code)])
    }

    /// As `settle`, for several charges at one moment: all or none, told by as few callbacks as the gateway makes of it.
    public func settle(_ references: [String], as status: Charge.Status) throws(SettleFailure) {
        try bank.settle(references.map { Settlement(reference: $0, status: .charge(status)) })
    }

    /// As `resolveRefund`.
    public func settleRefund(_ reference: String, of charge: String, as status: Refund.Status) throws(SettleFailure) {
        try bank.settle([Settlement(reference: reference, status: .refund(status, of: charge))])
    }

    /// Forgets charges, counters, rules and callbacks, those under way too.
    public func reset() { bank.reset() }

    /// Waits until the books and counters are as asked. Returns also when the task is cancelled.
    public func reaches(_ condition: @escaping @Sendable (Ledger, Counters) -> Bool) async {
        await bank.reaches { condition($0.ledger, $0.counters) }
    }

    /// Waits until the callbacks are as asked. Returns also when the task is cancelled.
    public func reaches(callbacks condition: @escaping @Sendable (Callbacks) -> Bool) async {
        await bank.reaches { condition($0.callbacks) }
    }
}
