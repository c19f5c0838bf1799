import AdapterKit
import Pix
import Testing

@Suite struct SettingsTests {
    @Test func `the session asks the token's address with our id, secret and scopes`() throws {
        let url = try #require(ServiceURL("https://pix.example.com/oauth/token"))
        let adapter = try PixAdapter.sample()
        #expect(
            adapter.authentication
                == .session(
                    .clientCredentials(
                        at: url, client: "c-1", secret: Secret(text: "s3cret-for-tests"),
                        scope: "cob.write cob.read pix.write pix.read")))
        #expect(adapter.account == ["c-1", "our-key"])
        let other = try PixAdapter.sample(#""scope":"cob.write""#)
        guard case .session(let session) = other.authentication else {
            Issue.record("no session")
            return
        }
        #expect(String(decoding: session.body, as: UTF8.self) == "grant_type=client_credentials&scope=cob.write")
    }

    @Test func `the account is the same whatever secret opens it`() throws {
        let settings =
            #"{"token_url":"https://other.example/t","client_id":"c-1","client_secret":"text:other","key":"our-key"}"#
        let rotated = try PixAdapter(settings: PixAdapter.section(settings))
        #expect(try rotated.account == PixAdapter.sample().account)
    }

    @Test(
        "a late success may come until the longest life and the margin are over",
        arguments: [
            ("", .seconds(87_000), .seconds(5)),
            (#""max_expires_in":"60s","late_margin":"1s","not_found_final_after":"1s""#, .seconds(61), .seconds(1)),
            (#""max_expires_in":"720h","late_margin":"24h","not_found_final_after":"1h""#, .seconds(2_678_400), .seconds(3600)),
        ] as [(String, Duration, Duration)])
    func capabilities(settings: String, late: Duration, final: Duration) throws {
        let capabilities = try PixAdapter.sample(settings).capabilities
        #expect(capabilities.lateSuccess == .within(late))
        #expect(capabilities.notFoundFinalAfter == final)
        #expect(capabilities.operations == [.payment, .void, .refund, .inquiry, .reversal])
        #expect(capabilities.acceptsSignedRequestFor == nil)
    }

    @Test func `the longest life is what a charge may ask for`() throws {
        let money = Money(minorUnits: 1, currency: try #require(Currency("BRL")))
        let adapter = try PixAdapter.sample(#""max_expires_in":"2m""#)
        func charge(_ life: Int) -> Operation {
            .payment(.init(reference: Sample.charge, money: money, method: .pix(.init(expiresIn: life))))
        }
        _ = try adapter.request(for: charge(120))
        #expect(throws: EncodingFailure.self) { try adapter.request(for: charge(121)) }
    }

    @Test(
        "a setting that is missing is named",
        arguments: ["token_url", "client_id", "client_secret", "key"])
    func missing(name: String) throws {
        let least = try JSON(parsing: Array("{\(PixAdapter.leastSettings)}".utf8)).members ?? []
        let settings = JSON.object(least.filter { $0.name != name }).encoded()
        let section = try PixAdapter.section(String(decoding: settings, as: UTF8.self), path: "settings/")
        let failure = try #require(throws: SettingsFailure.self) { try PixAdapter(settings: section) }
        #expect(failure.path == "settings/" + name)
    }

    @Test(
        "a wrong setting is named",
        arguments: [
            ("token_url", #""http://pix.example.com/token""#), ("token_url", #""https://pix.example.com/token?a=b""#),
            ("token_url", "7"), ("client_id", #""two words""#), ("client_id", #""a:b""#), ("client_id", #""""#),
            ("client_secret", #""plain""#), ("client_secret", #""text:""#), ("key", #""""#), ("key", "7"),
            ("key", "\"\(String(repeating: "k", count: 78))\""), ("scope", #""cob.write\n""#), ("scope", #""é""#),
            ("scope", "\"\(String(repeating: "s", count: 513))\""), ("max_expires_in", #""59s""#), ("max_expires_in", #""721h""#),
            ("max_expires_in", "60"), ("late_margin", #""0s""#), ("late_margin", #""25h""#),
            ("not_found_final_after", #""999ms""#),
            ("not_found_final_after", #""61m""#), ("pix_key", #""k""#),
        ])
    func wrong(name: String, value: String) throws {
        var members = try JSON(parsing: Array("{\(PixAdapter.leastSettings)}".utf8)).members ?? []
        members.removeAll { $0.name == name }
        members.append(JSON.Member(name, try JSON(parsing: Array("[\(value)]".utf8)).elements?.first ?? .null))
        let section = try PixAdapter.section(String(decoding: JSON.object(members).encoded(), as: UTF8.self))
        let failure = try #require(throws: SettingsFailure.self) { try PixAdapter(settings: section) }
        #expect(failure.path == name)
    }

    @Test func `a callback has no signature, no keys of its own, and an empty 200`() throws {
        let adapter = try PixAdapter.sample()
        #expect(PixAdapter.callbackSettings == [])
        #expect(try adapter.callbackScheme(PixAdapter.section("{}", path: "callback/")) == .unsigned)
        let failure = try #require(throws: SettingsFailure.self) {
            try adapter.callbackScheme(PixAdapter.section(#"{"keys":[]}"#, path: "callback/"))
        }
        #expect(failure.path == "callback/keys")
        #expect(adapter.acknowledgement == CallbackAcknowledgement(status: 200))
    }
}
