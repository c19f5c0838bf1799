import AdapterKit
import Payments
import TestKit
import Testing

@testable import Drawbridge

@Suite("An access token", .timeLimit(.minutes(1)))
struct AccessTokenTests {
    @Test("of either algorithm lets its tenant in, under the id of its key")
    func accepted() async throws {
        let world = try await BearerWorld()
        for key in [world.rsa, world.p256] {
            let sender = try await world.authenticate(try key.token(world.claims()))
            #expect(sender == .init(tenant: "acme", credential: "jwt:\(key.id)"))
        }
        #expect(world.transport.sent.count == 1)
    }

    @Test("may name more than one audience, its type, and times with a fraction")
    func shapes() async throws {
        let world = try await BearerWorld()
        let soon = JSON.number("\(world.time.now().seconds + 10).5")
        for token in [
            try world.rsa.token(world.claims(("aud", .array([.string("other"), .string("drawbridge")])))),
            try world.rsa.token(world.claims(), header: [("typ", .string("at+jwt"))]),
            try world.p256.token(world.claims(), header: [("typ", .string("JWT"))]),
            try world.p256.token(world.claims(("exp", soon))),
        ] { #expect(await world.refusal(token) == nil) }
        #expect(await world.refusal(authorization: ["bearer   \(try world.rsa.token(world.claims()))"]) == nil)
    }

    // MARK: Who signed

    @Test("that nobody signed is refused", arguments: ["none", "None", "NONE", "nOnE", ""])
    func unsigned(algorithm: String) async throws {
        let world = try await BearerWorld()
        let header = JSON.members([("alg", .string(algorithm)), ("kid", .string("rsa-1"))]).encoded()
        let signed = try world.rsa.token(header: header, payload: world.claims().encoded())
        let bare = signed.prefix { $0 != "." } + "." + signed.split(separator: ".")[1]
        for token in [signed, "\(bare).", "\(bare)"] { #expect(await world.refusal(token) == .signatureInvalid) }
    }

    @Test("under HS256 with the public key for its secret is refused")
    func confused() async throws {
        let world = try await BearerWorld()
        var forged = try await world.rsa.turnedIntoSecret()
        #expect(forged.algorithm == "HS256")
        #expect(await world.refusal(try forged.token(world.claims())) == .signatureInvalid)
        forged.algorithm = "RS256"
        #expect(await world.refusal(try forged.token(world.claims())) == .signatureInvalid)
    }

    @Test("under an algorithm that its key is not for is refused")
    func otherAlgorithm() async throws {
        let world = try await BearerWorld()
        for (key, id, algorithm) in [
            (world.rsa, "ec-1", "RS256"), (world.rsa, "ec-1", "ES256"), (world.p256, "rsa-1", "ES256"),
            (world.p256, "rsa-1", "RS256"), (world.rsa, "rsa-1", "RS512"), (world.rsa, "rsa-1", "PS256"),
            (world.rsa, "rsa-1", "ES256"), (world.p256, "ec-1", "RS256"), (world.rsa, "rsa-1", "rs256"),
            (world.p256, "ec-1", "ES384"),
        ] {
            let token = try key.token(world.claims(), header: [("kid", .string(id)), ("alg", .string(algorithm))])
            #expect(await world.refusal(token) == .signatureInvalid, "\(id) \(algorithm)")
        }
    }

    @Test("of a stranger with the id of a known key is refused")
    func stranger() async throws {
        let world = try await BearerWorld()
        let stranger = try await TokenKey.p256("ec-1")
        #expect(await world.refusal(try stranger.token(world.claims())) == .signatureInvalid)
    }

    @Test("that brings its key along is refused, and its addresses are not asked")
    func ownKey() async throws {
        let world = try await BearerWorld()
        let stranger = try await TokenKey.p256("mine")
        let key = JSON.members(stranger.published.map { ($0.name, $0.value) })
        for header in [("jwk", key), ("jku", .string("https://evil.example/keys")), ("x5u", .string("https://evil.example/c"))] {
            for id in ["mine", "ec-1"] {
                let token = try stranger.token(world.claims(), header: [header, ("kid", .string(id))])
                #expect(await world.refusal(token) == .signatureInvalid)
            }
        }
        #expect(world.transport.sent.allSatisfy { $0.endpoint.host == "id.example" })
    }

    @Test("whose bytes were changed after it was signed is refused")
    func tampered() async throws {
        let world = try await BearerWorld()
        for key in [world.rsa, world.p256] {
            let token = try key.token(world.claims())
            let parts = token.split(separator: ".").map(String.init)
            let others = TokenKey.base64URL(world.claims(("tenant_id", .string("beta"))).encoded())
            let header = TokenKey.base64URL(#"{"kid":"\#(key.id)","alg":"\#(key.algorithm)"}"#.utf8)
            #expect(await world.refusal("\(parts[0]).\(others).\(parts[2])", tenant: "beta") == .signatureInvalid)
            #expect(await world.refusal("\(header).\(parts[1]).\(parts[2])") == .signatureInvalid)
            #expect(await world.refusal("\(parts[0]).\(parts[1]).\(parts[2].dropLast(4))") == .signatureInvalid)
            #expect(await world.refusal("\(parts[0]).\(parts[1]).AAAA\(parts[2].dropFirst(4))") == .signatureInvalid)
            #expect(await world.refusal(token) == nil)
        }
    }

    @Test("that is not one is refused, and asks nobody for keys")
    func malformed() async throws {
        let world = try await BearerWorld { _, _ in nil }
        let good = try world.rsa.token(world.claims())
        let parts = good.split(separator: ".").map(String.init)
        let long = try world.rsa.token(world.claims(("more", .string(String(repeating: "a", count: 8_000)))))
        for token in [
            "x", "..", "a.b", String(good.prefix(40)), "\(parts[0]).\(parts[1])", "\(good).", "\(good).\(parts[2])", "\(good)=",
            "\(parts[0])=.\(parts[1]).\(parts[2])", good.replacing(".", with: ".."), long,
            try world.rsa.token(header: Array("{}".utf8), payload: world.claims().encoded()),
            try world.rsa.token(header: Array("[]".utf8), payload: world.claims().encoded()),
            try world.rsa.token(header: Array(#"{"alg":"RS256"}"#.utf8), payload: world.claims().encoded()),
            try world.rsa.token(header: Array(#"{"alg":"RS256","kid":7}"#.utf8), payload: world.claims().encoded()),
            try world.rsa.token(
                header: Array(#"{"alg":"none","alg":"RS256","kid":"rsa-1"}"#.utf8), payload: world.claims().encoded()),
            try world.rsa.token(world.claims(), header: [("kid", .string(""))]),
            try world.rsa.token(world.claims(), header: [("kid", .string(String(repeating: "k", count: 257)))]),
            try world.rsa.token(world.claims(), header: [("crit", .array([.string("exp")])), ("exp", .integer(1))]),
            try world.rsa.token(world.claims(), header: [("crit", .array([]))]),
            try world.rsa.token(world.claims(), header: [("typ", .string("logout+jwt"))]),
            try world.rsa.token(world.claims(), header: [("typ", .integer(1))]),
        ] { #expect(await world.refusal(token) == .signatureInvalid, "\(token.prefix(80))") }
        #expect(world.transport.sent.isEmpty)
    }

    // MARK: What it says

    @Test("for somebody else, of somebody else, or without saying so is refused")
    func otherParties() async throws {
        let world = try await BearerWorld()
        let issuers: [JSON?] = [nil, .string("https://id.example/"), .string("https://evil.example"), .integer(1), .array([])]
        let audiences: [JSON?] = [
            nil, .string(""), .string("Drawbridge"), .string("drawbridge "), .array([]), .array([.string("other")]), .integer(1),
            .array([.string("drawbridge"), .integer(1)]), .array(Array(repeating: .string("drawbridge"), count: 101)),
        ]
        for issuer in issuers {
            #expect(await world.refusal(try world.rsa.token(world.claims(("iss", issuer)))) == .signatureInvalid)
        }
        for audience in audiences {
            #expect(await world.refusal(try world.rsa.token(world.claims(("aud", audience)))) == .signatureInvalid)
        }
    }

    @Test("that says something twice is refused")
    func twice() async throws {
        let world = try await BearerWorld()
        let once = String(decoding: world.claims().encoded(), as: UTF8.self)
        let payload = Array((once.dropLast() + #","tenant_id":"beta"}"#).utf8)
        let header = Array(#"{"alg":"RS256","kid":"rsa-1"}"#.utf8)
        for tenant in ["acme", "beta"] {
            #expect(
                await world.refusal(try world.rsa.token(header: header, payload: payload), tenant: tenant) == .signatureInvalid)
        }
    }

    @Test("without an end, or with times that are none, is refused")
    func noTimes() async throws {
        let world = try await BearerWorld()
        for change in [
            ("exp", nil), ("exp", .string("1999999999")), ("exp", .null), ("exp", .integer(-1)), ("exp", .integer(.max)),
            ("exp", .number("1e400")), ("nbf", .string("0")), ("nbf", .null), ("iat", .bool(true)), ("iat", .integer(.min)),
        ] as [(String, JSON?)] {
            #expect(await world.refusal(try world.rsa.token(world.claims(change))) == .signatureInvalid, "\(change)")
        }
    }

    @Test(
        "is held to its time, with a minute's leeway",
        arguments: [
            ("exp", -59, true), ("exp", -60, false), ("exp", -61, false), ("exp", -86_400, false), ("nbf", 60, true),
            ("nbf", 61, false), ("nbf", 3_600, false), ("iat", 60, true), ("iat", 61, false),
        ])
    func times(claim: String, seconds: Int64, passes: Bool) async throws {
        let world = try await BearerWorld()
        let token = try world.p256.token(world.claims((claim, .integer(world.time.now().seconds + seconds))))
        #expect(await world.refusal(token) == (passes ? nil : .timestampOutOfWindow))
    }

    @Test("of another tenant, or of none, is refused once it is proved, and not told apart before")
    func otherTenant() async throws {
        let world = try await BearerWorld()
        let stranger = try await TokenKey.p256("ec-1")
        let others: [JSON?] = [
            nil, .null, .string(""), .string("beta"), .string("Acme"), .string("acme "), .array([.string("acme")]),
        ]
        for other in others {
            #expect(await world.refusal(try world.rsa.token(world.claims(("tenant_id", other)))) == .tenantMismatch)
            #expect(await world.refusal(try stranger.token(world.claims(("tenant_id", other)))) == .signatureInvalid)
        }
        #expect(await world.refusal(try world.rsa.token(world.claims()), tenant: "beta") == .tenantMismatch)
    }

    @Test("of another tenant's issuer is refused")
    func otherIssuer() async throws {
        let world = try await BearerWorld()
        let theirs = try await TokenKey.p256("theirs")
        #expect(await world.refusal(try world.rsa.token(world.claims())) == nil)
        world.publish([theirs])
        let claims = world.claims(("iss", .string("https://other.example")), ("tenant_id", .string("globex")))
        #expect(await world.refusal(try theirs.token(claims), tenant: "globex") == nil)
        world.time.advance(by: KeySetCache.pause)
        // Its keys do not serve acme, whatever the token says.
        world.publish([world.rsa, world.p256])
        #expect(await world.refusal(try theirs.token(world.claims())) == .signatureInvalid)
        // Nor do acme's serve globex.
        world.publish([theirs])
        let mine = world.claims(("iss", .string("https://other.example")), ("tenant_id", .string("globex")))
        #expect(await world.refusal(try world.rsa.token(mine), tenant: "globex") == .signatureInvalid)
    }

    // MARK: How it is shown

    @Test(
        "is taken from Authorization: Bearer alone",
        arguments: [
            [], [""], ["Bearer"], ["Bearer "], ["Basic YWNtZTpzZWNyZXQ="], ["TOKEN"], ["Bearer\tTOKEN"], ["BearerTOKEN"],
            ["HMAC TOKEN"],
        ])
    func otherScheme(authorization: [String]) async throws {
        let world = try await BearerWorld { _, _ in nil }
        let token = try world.rsa.token(world.claims())
        let problem = await world.refusal(authorization: authorization.map { $0.replacing("TOKEN", with: token) })
        #expect(problem?.code == .unauthenticated)
        #expect(problem?.errors.map(\.pointer) == ["/headers/Authorization"])
    }

    @Test("that stands beside another is refused")
    func repeated() async throws {
        let world = try await BearerWorld()
        let token = "Bearer \(try world.rsa.token(world.claims()))"
        for headers in [[token, token], [token, "Basic YWNtZTpzZWNyZXQ="], ["", token]] {
            #expect(await world.refusal(authorization: headers)?.code == .malformedRequest)
        }
        #expect(await world.refusal(authorization: ["\(token), \(token)"])?.code == .signatureInvalid)
    }

    @Test("does not serve a tenant who signs with a key")
    func signingTenant() async throws {
        let world = try await BearerWorld { _, _ in nil }
        let token = try world.rsa.token(world.claims(("tenant_id", .string("signer"))))
        #expect(await world.refusal(token, tenant: "signer") == .unauthenticated)
        #expect(world.challenge(.unauthenticated, tenant: "signer") == nil)
    }

    @Test("is asked for where it is missing, and named where it does not hold")
    func challenge() async throws {
        let world = try await BearerWorld { _, _ in nil }
        #expect(world.challenge(.unauthenticated, tenant: "acme") == "Bearer")
        #expect(world.challenge(.signatureInvalid, tenant: "acme") == #"Bearer error="invalid_token""#)
        #expect(world.challenge(.timestampOutOfWindow, tenant: "acme") == #"Bearer error="invalid_token""#)
        #expect(world.challenge(.tenantMismatch, tenant: "acme") == nil)
        #expect(world.challenge(.unauthenticated, tenant: "nobody") == nil)
    }

    @Test("is in no answer and no log, nor is what it says")
    func silence() async throws {
        let world = try await BearerWorld()
        for claims in [world.claims(), world.claims(("exp", .integer(1))), world.claims(("tenant_id", .string("c4nary")))] {
            let token = try world.rsa.token(claims)
            let problem = await world.refusal(authorization: ["Bearer \(token)"])
            let told = problem.map { String(decoding: $0.body(requestID: "r"), as: UTF8.self) } ?? ""
            for text in [told] + world.log.lines {
                #expect(!text.contains("c4nary") && !text.contains("pay-bff"))
                #expect(token.split(separator: ".").allSatisfy { !text.contains($0) })
            }
        }
        #expect(world.log.lines.count == 1)
    }

    @Test("is known in the audit trail by its key's id, cut and made safe")
    func credential() async throws {
        let id = "über/\"key\"\n" + String(repeating: "k", count: 100)
        let key = try await TokenKey.p256(id)
        let world = try await BearerWorld { _, _ in [key] }
        let credential = try #require(try await world.authenticate(try key.token(world.claims())).credential)
        #expect(credential.utf8.count == 64)
        #expect(credential.hasPrefix("jwt:__ber__key__kkk"))
    }
}
