import AdapterKit
import ProcessKit
import TestKit
import Testing

@Suite("A tenant who shows access tokens", .serialized, .timeLimit(.minutes(2)))
struct AccessTokenTests {
    private static func claims(_ changes: (String, JSON)...) -> JSON {
        var members: [(String, JSON)] = [
            ("iss", .string("https://id.example")), ("aud", .string("drawbridge")), ("tenant_id", .string("globex")),
            ("exp", .integer(Caller.now.seconds + 300)),
        ]
        for change in changes {
            members.removeAll { $0.0 == change.0 }
            members.append(change)
        }
        return .members(members)
    }

    /// The tenant globex, whose issuer's keys are at the URL.
    private static func with(_ keys: [TokenKey], _ body: (World, DocumentServer) async throws -> Void) async throws {
        try await DocumentServer.with(TokenKey.document(keys)) { server, url in
            let jwt = "{ issuer: \"https://id.example\", audience: drawbridge, jwks: \"\(url)\" }"
            let setup = try Setup { $0.moreTenants = ["globex: { auth: jwt, jwt: \(jwt) }"] }
            try await World.with(.memory, setup) { try await body($0, server) }
        }
    }

    private static func pay(_ world: World, _ authorization: String?, as tenant: String = "globex") async throws -> Reply {
        var request = APIRequest.post("/v1/payments", Caller.order(), key: Caller.freshKey())
        request.add("X-Tenant-Id", tenant)
        if let authorization { request.add("Authorization", authorization) }
        return try await Wire.exchange(request.bytes, port: world.gateway.api)
    }

    @Test("pays with a good one, and moves no money with a bad one")
    func pays() async throws {
        let (rsa, p256) = (try await TokenKey.rsa("rsa-1"), try await TokenKey.p256("ec-1"))
        try await Self.with([rsa, p256]) { world, server in
            for key in [rsa, p256] {
                let paid = try await Self.pay(world, "Bearer \(try key.token(Self.claims()))")
                #expect(paid.status == 201, "\(paid.text)")
                #expect(paid.headers.single("www-authenticate") == nil)
            }
            let before = world.requestsAtBank
            let stranger = try await TokenKey.p256("ec-1")
            for (authorization, code, challenge) in [
                (nil, "unauthenticated", "Bearer"), ("Basic Zzpo", "unauthenticated", "Bearer"),
                ("Bearer \(try stranger.token(Self.claims()))", "signature_invalid", #"Bearer error="invalid_token""#),
                (
                    "Bearer \(try rsa.token(Self.claims(("exp", .integer(Caller.now.seconds - 61)))))", "timestamp_out_of_window",
                    #"Bearer error="invalid_token""#
                ),
                ("Bearer \(try rsa.token(Self.claims(("tenant_id", .string("acme")))))", "tenant_mismatch", nil),
            ] as [(String?, String, String?)] {
                let reply = try await Self.pay(world, authorization)
                #expect(reply.code == code)
                #expect(reply.isProblem)
                #expect(reply.status == (code == "tenant_mismatch" ? 403 : 401))
                #expect(reply.headers.single("www-authenticate") == challenge)
            }
            // Acme signs: no token serves it.
            let acme = try await Self.pay(
                world, "Bearer \(try rsa.token(Self.claims(("tenant_id", .string("acme")))))", as: "acme")
            #expect(acme.code == "unauthenticated")
            #expect(acme.headers.single("www-authenticate") == nil)
            // And no signature serves globex.
            let signed = try await Caller(port: world.gateway.api, tenant: "globex", key: Setup.acmeKey).pay()
            #expect(signed.code == "unauthenticated")
            #expect(world.requestsAtBank == before)
            #expect(server.requests == 1)
        }
    }

    @Test("is told to come again while the issuer's keys cannot be read")
    func unavailable() async throws {
        let key = try await TokenKey.p256("ec-1")
        try await Self.with([]) { world, server in
            let token = "Bearer \(try key.token(Self.claims()))"
            let refused = try await Self.pay(world, token)
            #expect(refused.code == "state_store_unavailable")
            #expect(refused.headers.single("retry-after") == "5")
            #expect(world.requestsAtBank == 0)
            #expect(await world.gateway.logs("keys of an issuer not read", "no_usable_key"))
            let lines = world.gateway.program.output.all
            #expect(lines.allSatisfy { !$0.contains(token.suffix(40)) })
        }
    }
}
