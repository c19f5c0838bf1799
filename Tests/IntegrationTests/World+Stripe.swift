import AdapterKit
import MockGateways
import ProcessKit
import TestKit

extension World {
    /// A gateway of Stripe's in the bank's place, which calls back.
    /// - Parameters:
    ///   - asks: the gateway's `inquiry` section; by itself nothing but a webhook, or sync, tells the end.
    ///   - isStatic: whether it answers out of mocks/expectations/stripe, without books.
    static func stripe(
        _ store: StoreKind = .memory, asks: String = asksLater, isStatic: Bool = false, _ body: (World) async throws -> Void
    ) async throws {
        let setup = try Setup {
            $0.face = .stripe(key: Secret(text: "sk_test_integration"))
            $0.adapter = "stripe"
            $0.settings = [
                "secret_key: \"text:sk_test_integration\"", "account: acct_1", "return_url: \"https://shop.example/back\"",
            ]
            $0.callback = ["secrets: [\"text:whsec_next\", \"text:whsec_integration\"]"]
            $0.gatewayLines = [asks]
            $0.bankIsStatic = isStatic
            $0.expectations = isStatic ? [try ExpectationFolder(expectations)] : []
        }
        try await callingBack(
            store, setup, { $0.key = SigningKey(id: "", secret: Secret(text: "whsec_integration")) }, body)
    }

    private static let expectations =
        #filePath.split(separator: "/").dropLast(3).map { "/" + $0 }.joined()
        + "/mocks/expectations/stripe"
}

extension Caller {
    /// As `pay`, with a card that Stripe knows.
    func payByCard(
        _ token: String = "pm_card_visa", amount: Int64 = 1000, capture: String = "automatic", description: String? = nil,
        key: String = Caller.freshKey()
    ) async throws -> Reply {
        var order =
            [
                ("amount", .integer(amount)), ("currency", .string("USD")), ("reference", .string("order-1")),
                ("capture", .string(capture)), ("method", Self.card(("token", .string(token)))),
            ] as [(String, JSON)]
        if let description { order.append(("description", .string(description))) }
        return try await pay(.members(order), key: key)
    }
}
