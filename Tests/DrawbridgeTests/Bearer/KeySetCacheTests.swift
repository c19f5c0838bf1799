import AdapterKit
import Payments
import TestKit
import Testing

@testable import Drawbridge

@Suite("The keys of an issuer", .timeLimit(.minutes(1)))
struct KeySetCacheTests {
    /// A key of 1,024 bits, and a token that it signed in every other respect as asked for.
    private static let small = (
        document:
            #"{"keys":[{"kty":"RSA","kid":"small","e":"AQAB","n":"woIQOhiFeWEzu597SCfBSC3Hih-RFiJLN2-PNE0vF74rkxPpLtJ4ZhC-E4tvgwXyeF6WYQ35pxxVt1FfSQ-lJwKJe9zaz_WVLpNpcrc9rlPWhKe2sCkzNG6l8HuOlZ154EnRQVMGsP3rSYr4rYZ7ND10l08XgG-oY17gg_DKpJ0"},GOOD]}"#,
        token:
            "eyJhbGciOiAiUlMyNTYiLCAia2lkIjogInNtYWxsIn0.eyJpc3MiOiAiaHR0cHM6Ly9pZC5leGFtcGxlIiwgImF1ZCI6ICJkcmF3YnJpZGdlIiwgImV4cCI6IDQxMDI0NDQ4MDAsICJ0ZW5hbnRfaWQiOiAiYWNtZSJ9.rmHiFziICddG2wi7ql-dxvFo489RwWw6-jiYsjW8cIhYCHPcXO5lN7WFVnPgDZUu0vHugc221OxEUXKEdZMZ9H00vnVPFUGwbK6J79gygcxIuOIRPDGQq3m1EsXRnGhyY0KsqA-KuhUQEloCsn4rgBEAWB7VPxeu435VD4ekxSM"
    )

    @Test("are asked for over verified TLS, once for all tenants of the issuer")
    func request() async throws {
        let world = try await BearerWorld()
        #expect(await world.refusal(try world.rsa.token(world.claims())) == nil)
        #expect(await world.refusal(try world.rsa.token(world.claims(("tenant_id", .string("beta")))), tenant: "beta") == nil)
        let sent = try #require(world.transport.sent.first)
        #expect(world.transport.sent.count == 1)
        #expect(sent.request.method == .get)
        #expect(sent.request.target == "/keys")
        #expect(sent.request.headers.single("Authorization") == nil)
        #expect(sent.endpoint.scheme == .https)
        #expect(sent.endpoint.host == "id.example")
        #expect(sent.endpoint.port == 443)
        #expect(sent.endpoint.authorities == .system)
        #expect(sent.endpoint.minimumTLS == .v12)
        #expect(sent.endpoint.attemptTimeout == .seconds(3))
        #expect(sent.endpoint.addresses == .publicOnly)
        #expect(sent.endpoint.purpose == "jwks")
    }

    @Test("are read again for a key id that is not among them, not more than once in 30 seconds")
    func unknown() async throws {
        let world = try await BearerWorld()
        let token = try world.rsa.token(world.claims(), header: [("kid", .string("made-up"))])
        #expect(await world.refusal(try world.rsa.token(world.claims())) == nil)
        for second in 0..<30 {
            #expect(await world.refusal(token) == .signatureInvalid, "\(second)")
            world.time.advance(by: .seconds(1))
        }
        #expect(world.transport.sent.count == 1)
        world.publish([world.rsa])
        for _ in 0..<3 { #expect(await world.refusal(token) == .signatureInvalid) }
        #expect(world.transport.sent.count == 2)
    }

    @Test("that are rotated are found, and the old one then refused")
    func rotated() async throws {
        let world = try await BearerWorld()
        let (old, new) = (try world.p256.token(world.claims()), try await TokenKey.p256("ec-2"))
        #expect(await world.refusal(old) == nil)
        world.time.advance(by: .seconds(30))
        world.publish([world.rsa, new])
        #expect(await world.refusal(try new.token(world.claims())) == nil)
        #expect(await world.refusal(old) == .signatureInvalid)
        #expect(world.transport.sent.count == 2)
    }

    @Test("are read once for all who wait")
    func single() async throws {
        let world = try await BearerWorld { _, _ in nil }
        let gate = Gate()
        world.transport.script(
            .held(by: gate, then: .unsigned(GatewayResponse(status: 200, body: TokenKey.document([world.rsa])))))
        let token = try world.rsa.token(world.claims())
        await withTaskGroup(of: Problem.Code?.self) { group in
            for _ in 0..<20 { group.addTask { await world.refusal(token) } }
            await world.transport.sent(atLeast: 1)
            gate.open()
            for await refusal in group { #expect(refusal == nil) }
        }
        #expect(world.transport.sent.count == 1)
    }

    @Test("are read anew when they are ten minutes old, while they still serve")
    func stale() async throws {
        let world = try await BearerWorld()
        #expect(await world.refusal(try world.rsa.token(world.claims())) == nil)
        world.time.advance(by: .seconds(599))
        #expect(await world.refusal(try world.rsa.token(world.claims())) == nil)
        #expect(world.transport.sent.count == 1)
        world.time.advance(by: .seconds(1))
        let (gate, read) = (Gate(), Gate())
        world.transport.script(
            .held(by: gate, then: .unsigned(GatewayResponse(status: 200, body: TokenKey.document([world.p256]))))
                .after { _ in read.open() })
        #expect(await world.refusal(try world.rsa.token(world.claims())) == nil)
        await read.passed()
        // However long it takes, there is no second one beside it.
        world.time.advance(by: KeySetCache.pause)
        #expect(await world.refusal(try world.rsa.token(world.claims())) == nil)
        gate.open()
        // Whoever waits for the reading finds what it brought.
        #expect(await world.refusal(try world.rsa.token(world.claims(), header: [("kid", .string("wait"))])) == .signatureInvalid)
        #expect(await world.refusal(try world.rsa.token(world.claims())) == .signatureInvalid)
        #expect(await world.refusal(try world.p256.token(world.claims())) == nil)
        #expect(world.transport.sent.count == 2)
    }

    @Test("that were withdrawn serve no longer once a reload has asked for them as they are")
    func outdated() async throws {
        let world = try await BearerWorld()
        let old = try world.rsa.token(world.claims())
        #expect(await world.refusal(old) == nil)
        world.publish([world.p256])
        #expect(await world.refusal(old) == nil)
        world.keySets.outdate()
        #expect(await world.refusal(old) == .signatureInvalid)
        #expect(await world.refusal(try world.p256.token(world.claims())) == nil)
    }

    @Test("that were withdrawn in quiet hours do not serve for the first token that comes")
    func quietHours() async throws {
        let world = try await BearerWorld()
        let old = try world.rsa.token(world.claims())
        #expect(await world.refusal(old) == nil)
        world.publish([world.p256])
        world.time.advance(by: KeySetCache.patience)
        #expect(await world.refusal(old) == .signatureInvalid)
    }

    @Test("that cannot be read let nobody in, and nobody is told that his token is bad", arguments: Failure.all)
    func unavailable(failure: Failure) async throws {
        let world = try await BearerWorld { _, _ in nil }
        world.transport.script(failure.step)
        let token = try world.rsa.token(world.claims())
        let problem = try #require(await world.refusal(authorization: ["Bearer \(token)"]))
        #expect(problem.code == .stateStoreUnavailable)
        #expect(problem.retryAfter == 5)
        #expect(world.log.lines.count { $0.contains("keys of an issuer not read") && $0.contains("id.example") } == 1)
        world.time.advance(by: .seconds(4))
        #expect(await world.refusal(token) == .stateStoreUnavailable)
        #expect(world.transport.sent.count == 1)
        world.time.advance(by: .seconds(1))
        world.publish([world.rsa])
        #expect(await world.refusal(token) == nil)
    }

    struct Failure: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let step: FakeTransport.Step

        static let all =
            [TransportFailure.Code.nameNotResolved, .connectRefused, .attemptTimedOut, .serverCertificateUntrusted, .tlsVersion]
            .map { Failure(testDescription: $0.rawValue, step: .fails(.sample($0))) } + [
                answer("a redirect", 302, #"{"keys":[]}"#), answer("an error", 500, ""), answer("not found", 404, "{}"),
                answer("no key set", 200, "<html></html>"), answer("no key", 200, #"{"keys":[]}"#),
                answer("too much", 200, String(repeating: " ", count: JSONWebKeySet.maximumLength + 1)),
            ]

        private static func answer(_ name: String, _ status: Int, _ body: String) -> Failure {
            Failure(testDescription: name, step: .unsigned(GatewayResponse(status: status, body: Array(body.utf8))))
        }
    }

    @Test("that cannot be read anew serve for a day, and no longer")
    func outage() async throws {
        let world = try await BearerWorld()
        #expect(await world.refusal(try world.rsa.token(world.claims())) == nil)
        world.time.advance(by: .seconds(86_399))
        world.transport.script(.fails(.sample(.connectRefused)))
        #expect(await world.refusal(try world.rsa.token(world.claims())) == nil)
        await world.transport.sent(atLeast: 2)
        // Whether an unknown key has come is not known as long as nothing can be read.
        let new = try await TokenKey.p256("new")
        #expect(await world.refusal(try new.token(world.claims())) == .stateStoreUnavailable)
        world.time.advance(by: .seconds(1))
        #expect(await world.refusal(try world.rsa.token(world.claims())) == .stateStoreUnavailable)
        world.time.advance(by: .seconds(29))
        world.publish([world.rsa, new])
        #expect(await world.refusal(try world.rsa.token(world.claims())) == nil)
    }

    @Test("of less than 2,048 bits let nobody in")
    func small() async throws {
        let world = try await BearerWorld { _, _ in nil }
        let good = String(decoding: TokenKey.document([world.rsa]), as: UTF8.self).dropFirst(#"{"keys":["#.count).dropLast(2)
        world.publish(Array(Self.small.document.replacing("GOOD", with: good).utf8))
        #expect(await world.refusal(try world.rsa.token(world.claims())) == nil)
        #expect(await world.refusal(Self.small.token) == .signatureInvalid)
    }

    @Test("that are for encryption let nobody in")
    func encryption() async throws {
        let world = try await BearerWorld { [$0.publishing("use", .string("enc")), $1] }
        #expect(await world.refusal(try world.p256.token(world.claims())) == nil)
        #expect(await world.refusal(try world.rsa.token(world.claims())) == .signatureInvalid)
    }

    @Test(
        "are at a public address unless the configuration says otherwise or names the loopback itself",
        arguments: [
            ("https://id.example/keys", "", AddressPolicy.publicOnly), ("https://10.0.0.1/keys", "", .publicOnly),
            ("http://127.0.0.1:8000/keys", "", .any), ("http://localhost/keys", ", allow_private_addresses: false", .publicOnly),
            ("https://id.example/keys", ", allow_private_addresses: true", .any),
            ("https://id.example/keys", ", allow_private_addresses: report", .report), ("keys.json", "", .publicOnly),
        ])
    func addresses(place: String, more: String, policy: AddressPolicy) throws {
        let configuration = try ConfigurationText.read(
            ConfigurationText.minimal.replacing(
                "{ auth: none }", with: "{ auth: jwt, jwt: { issuer: i, audience: a, jwks: \"\(place)\"\(more) } }"))
        #expect(configuration.tenants.first?.jwt?.addresses == policy)
    }

    @Test("are shared by place while somebody uses them, and forgotten afterwards")
    func shared() throws {
        let sets = KeySets(transport: FakeTransport(), time: ManualTime(), logger: RecordedLog().logger)
        func jwt(_ path: String) -> Configuration.JWT {
            Configuration.JWT(issuer: "i", audience: "a", jwks: .file(LocalFile(path: path)))
        }
        weak var last: KeySetCache?
        do {
            let first = sets.cache(for: jwt("/keys"))
            #expect(sets.cache(for: jwt("/keys")) === first)
            #expect(sets.cache(for: jwt("/other")) !== first)
            var open = jwt("/keys")
            open.addresses = .any
            #expect(sets.cache(for: open) !== first)
            last = first
        }
        #expect(last == nil)
    }
}
