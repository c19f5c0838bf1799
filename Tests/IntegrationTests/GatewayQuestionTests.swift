import AdapterKit
import MockGateways
import ProcessKit
import Testing

@Suite("What can be asked besides payments", .serialized, .timeLimit(.minutes(2)))
struct GatewayQuestionTests {
    private static func account(_ type: String, _ value: String) -> JSON {
        .members([("type", .string(type)), ("value", .string(value))])
    }

    @Test("whether an account exists", arguments: ["vpa", "pix_key", "bank_account"])
    func accounts(type: String) async throws {
        try await World.with { world in
            let known = try await world.acme.post("/v1/accounts/validate", Self.account(type, "someone@bank"))
            #expect(known.status == 200)
            #expect(known["valid"]?.bool == true)
            #expect(known["holder_name"]?.text == "Mock Holder")
            #expect(known["gateway"]?.text == "bank-a")
            let unknown = try await world.acme.post("/v1/accounts/validate", Self.account(type, "invalid@bank"))
            #expect(unknown["valid"]?.bool == false)
            #expect(unknown["holder_name"] == .null)
        }
    }

    @Test(
        "nothing about an account while the bank says nothing",
        arguments: [Misbehaviour.cutBefore, .noSignature, .garbage, .status500])
    func silent(misbehaviour: Misbehaviour) async throws {
        try await World.with { world in
            try world.bank.script(misbehaviour, for: .accountValidation)
            let reply = try await world.acme.post("/v1/accounts/validate", Self.account("vpa", "someone@bank"))
            #expect(reply.status == 503)
            #expect(reply.code == "gateways_unavailable")
            #expect(reply.isProblem)
        }
    }

    @Test("which gateways there are, and what each can do")
    func gateways() async throws {
        try await World.with { world in
            let reply = try await world.acme.get("/v1/gateways")
            let gateway = try #require(reply["data"]?.elements?.first)
            #expect(gateway["name"]?.text == "bank-a")
            #expect(gateway["adapter"]?.text == "bank-hmac")
            #expect(gateway["breaker"]?.text == "closed")
            #expect(gateway["operations"]?.elements?.contains(.string("refund")) == true)
            #expect(gateway["methods"]?.elements?.contains(.string("pix")) == true)
        }
    }

    @Test("the API's own description, by anybody")
    func document() async throws {
        try await World.with { world in
            let reply = try await Wire.exchange(APIRequest("GET", "/openapi.yaml").bytes, port: world.gateway.api)
            #expect(reply.status == 200)
            #expect(reply.headers.single("content-type") == "application/yaml")
            #expect(reply.text.hasPrefix("openapi: 3.1.0"))
        }
    }
}
