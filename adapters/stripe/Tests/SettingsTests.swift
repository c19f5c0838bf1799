import AdapterKit
import Stripe
import Testing

@Suite struct SettingsTests {
    @Test func `a key and an account are enough`() throws {
        let adapter = try StripeAdapter.sample()
        #expect(adapter.authentication == .bearer(Secret(text: "sk_test_1")))
        #expect(adapter.account == ["acct_1"])
        #expect(adapter.capabilities.lateSuccess == .within(.seconds(604_800)))
    }

    @Test func `a connected account is another account, a rolled key is not`() throws {
        let connected = try StripeAdapter.sample(
            #"{"secret_key":"text:sk_test_2","account":"acct_1","stripe_account":"acct_2"}"#)
        #expect(connected.account == ["acct_1", "acct_2"])
        #expect(try StripeAdapter.sample(#"{"secret_key":"text:sk_test_2","account":"acct_1"}"#).account == ["acct_1"])
    }

    @Test("a late success may be expected for another time", arguments: [("1h", 3600), ("720h", 2_592_000)])
    func lateSuccess(text: String, seconds: Int) throws {
        let adapter = try StripeAdapter.sample(#"{"secret_key":"text:s","account":"a","late_success":"\#(text)"}"#)
        #expect(adapter.capabilities.lateSuccess == .within(.seconds(seconds)))
    }

    @Test("a payer may come back to a page or into an app", arguments: ["https://shop.example/back?a=b", "app://back"])
    func returnURL(url: String) throws {
        #expect(throws: Never.self) {
            try StripeAdapter.sample(#"{"secret_key":"text:s","account":"a","return_url":"\#(url)"}"#)
        }
    }

    @Test(
        "wrong settings are refused with the path of the setting",
        arguments: [
            ("secret_key", #"{"account":"a"}"#),
            ("secret_key", #"{"secret_key":"sk_test_1","account":"a"}"#),
            ("secret_key", #"{"secret_key":"text:","account":"a"}"#),
            ("secret_key", #"{"secret_key":7,"account":"a"}"#),
            ("account", #"{"secret_key":"text:s"}"#),
            ("account", #"{"secret_key":"text:s","account":""}"#),
            ("account", #"{"secret_key":"text:s","account":"two words"}"#),
            ("stripe_account", #"{"secret_key":"text:s","account":"a","stripe_account":"a\nb"}"#),
            ("stripe_account", #"{"secret_key":"text:s","account":"a","stripe_account":true}"#),
            ("api_version", #"{"secret_key":"text:s","account":"a","api_version":"São"}"#),
            ("api_version", #"{"secret_key":"text:s","account":"a","api_version":2026}"#),
            ("return_url", #"{"secret_key":"text:s","account":"a","return_url":"shop.example"}"#),
            ("return_url", #"{"secret_key":"text:s","account":"a","return_url":"https://shop.example/a b"}"#),
            ("late_success", #"{"secret_key":"text:s","account":"a","late_success":"59m"}"#),
            ("late_success", #"{"secret_key":"text:s","account":"a","late_success":"721h"}"#),
            ("late_success", #"{"secret_key":"text:s","account":"a","late_success":7}"#),
            ("webhook_secret", #"{"secret_key":"text:s","account":"a","webhook_secret":"text:w"}"#),
        ])
    func refused(path: String, settings: String) throws {
        let failure = try #require(throws: SettingsFailure.self) { try StripeAdapter.sample(settings) }
        #expect(failure.path == path)
    }

    @Test func `a return address that is too long is refused`() throws {
        let url = "https://" + String(repeating: "a", count: 2041)
        let failure = try #require(throws: SettingsFailure.self) {
            try StripeAdapter.sample(#"{"secret_key":"text:s","account":"a","return_url":"\#(url)"}"#)
        }
        #expect(failure.path == "return_url")
    }
}
