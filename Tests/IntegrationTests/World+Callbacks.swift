import AdapterKit
import MockGateways
import ProcessKit
import TestKit
import Testing

extension World {
    /// As `with`, and the bank calls back.
    /// - Parameter change: of how it does. As it is made, it comes again soon and often.
    static func callingBack(
        _ store: StoreKind = .memory, _ setup: Setup? = nil, _ change: (inout CallbackDestination) -> Void = { _ in },
        _ body: (World) async throws -> Void
    ) async throws {
        var setup = try setup ?? Setup { $0.gatewayLines = [asksLater] }
        // Chosen before: the bank has to know it before the gateway is there, as the gateway the bank's.
        if setup.callbackPort == 0 { setup.callbackPort = try RedisServer.freePort() }
        var destination = try callbacks(to: setup.callbackPort, tls: setup.callbackServer != nil)
        change(&destination)
        try await with(store, setup, callbacks: destination, body)
    }

    /// As `callingBack`, and no callback arrives before the way is thawed: the bank's answer goes first.
    static func callingBackAfterAnswer(
        _ store: StoreKind, waits: [Duration], _ body: (World, TCPProxy) async throws -> Void
    ) async throws {
        let setup = try Setup {
            $0.gatewayLines = [asksLater]
            $0.callbackPort = try RedisServer.freePort()
        }
        try await TCPProxy.with(to: setup.callbackPort) { way in
            _ = way.freeze(at: .sent(0))
            let url = try #require(CallbackURL("http://127.0.0.1:\(way.port)\(callbackTarget)"))
            let throughWay = { (destination: inout CallbackDestination) in
                destination.url = url
                destination.waits = waits
            }
            try await callingBack(store, setup, throughWay) { world in try await body(world, way) }
        }
    }

    /// So that nothing but a callback, or sync, tells the end.
    static let asksLater = "inquiry: { first_after: 1h, max: 1h }"

    private static func callbacks(to port: Int, tls: Bool) throws -> CallbackDestination {
        let url = try #require(CallbackURL("\(tls ? "https" : "http")://127.0.0.1:\(port)\(callbackTarget)"))
        var destination = CallbackDestination(url: url, key: Setup.callbackKey) { UInt64.random(in: .min ... .max) }
        destination.waits = Array(repeating: .milliseconds(100), count: 100)
        return destination
    }

    static let callbackTarget = "/callbacks/bank-a"

    /// What the bank was answered, once it has nothing more to tell.
    func answersToCallbacks() async -> [CallbackResult] {
        await bank.reaches(callbacks: { $0.underway == 0 && !$0.attempts.isEmpty })
        return bank.callbacks.attempts.map(\.result)
    }

    /// Signs an event as the bank does, and posts it.
    /// - Parameter port: of another replica's callback listener.
    @discardableResult
    func post(_ event: BankEvent, port: Int? = nil) async throws -> CallbackResult {
        try await post(event.id, event.body, port: port)
    }

    @discardableResult
    func post(
        _ eventID: String, _ body: [UInt8], port: Int? = nil, tls: CallbackDestination.TLS? = nil,
        key: SigningKey = Setup.callbackKey
    ) async throws -> CallbackResult {
        let scheme = tls == nil ? "http" : "https"
        let url = try #require(CallbackURL("\(scheme)://127.0.0.1:\(port ?? gateway.callbacks)\(Self.callbackTarget)"))
        let request = CallbackRequest(
            eventID: eventID, nonce: Caller.freshKey(), timestamp: Caller.now, key: key, target: url.target, body: body)
        return await (try CallbackClient(url: url, tls: tls ?? .init())).post(request)
    }

    /// An event of a charge as the bank would tell it.
    static func event(_ id: String, of charge: String, bankReference: String = "BNK-77", amount: Int64 = 1000) -> BankEvent {
        BankEvent(
            id: id, kind: .chargeUpdated, occurredAt: Caller.now,
            data: .members([
                ("bank_reference", .string(bankReference)), ("reference", .string(charge)), ("status", .string("APPROVED")),
                ("amount", .integer(amount)), ("currency", .string("BRL")), ("captured_amount", .integer(amount)),
                ("refunded_amount", .integer(0)), ("code", .string("00")), ("message", .string("ok")), ("action", .null),
            ]))
    }
}

extension Caller {
    /// Reads the feed from its start, waiting, until it tells of this.
    /// - Returns: the events of that payment or refund so far.
    func events(of object: String, until type: String) async throws -> [JSON] {
        var seen: [JSON] = []
        while !seen.contains(where: { $0.isEvent(type, of: object) }) {
            try Task.checkCancellation()
            let page = try await events(after: seen.last?["id"]?.text, wait: 30)
            try #require(page.status == 200, "\(page.text)")
            seen += page["data"]?.elements ?? []
        }
        return seen.filter { $0["data"]?["id"]?.text == object }
    }

    /// All events of a payment or refund that were written so far: what another payment, made now, tells comes after them.
    func allEvents(of object: String) async throws -> [JSON] {
        let next = try await pay()
        try #require(next.status == 201, "\(next.text)")
        _ = try await events(of: next.id, until: "payment.succeeded")
        let page = try await events(limit: 500)
        return (page["data"]?.elements ?? []).filter { $0["data"]?["id"]?.text == object }
    }
}

extension JSON {
    func isEvent(_ type: String, of object: String) -> Bool { self["type"]?.text == type && self["data"]?["id"]?.text == object }
}

extension [JSON] {
    /// Of events.
    var types: [String] { compactMap { $0["type"]?.text } }
}
