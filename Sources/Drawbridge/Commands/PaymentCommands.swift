import AdapterKit
import ArgumentParser
import Foundation
import Payments

struct PayCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pay", abstract: "Make a payment: sign the request as a payment service would, and print the answer.")

    @OptionGroup var client: ClientOptions
    @Option(help: "Minor units: 1000 is 10.00 in most currencies.") var amount: Int64
    @Option(help: "ISO 4217, such as BRL.") var currency: String
    @Option(help: "Your own reference.") var reference: String
    @Option(help: "The card's token at the gateway or vault.") var cardToken: String?
    @Option(help: "The method as JSON, instead of a card token; see openapi.yaml.") var method: String?
    @Option(help: "automatic, or manual to authorise only.") var capture = "automatic"
    @Option(help: "Shown to the payer.") var description: String?
    @Option(help: "Pin one gateway.") var gateway: String?
    @Option(help: "Made where you give none; give the same one to repeat a payment.") var idempotencyKey: String?

    func run() async throws {
        let body = JSON.present([
            ("amount", .integer(amount)), ("currency", .string(currency)), ("reference", .string(reference)),
            ("description", description.map { .string($0) }), ("capture", .string(capture)), ("method", try methodJSON()),
            ("gateway", gateway.map { .string($0) }),
        ])
        try await APIClient(client).post(
            "/v1/payments", body, idempotencyKey: IdempotencyKey.given(idempotencyKey, json: client.json))
    }

    private func methodJSON() throws -> JSON {
        switch (cardToken, method) {
        case (let token?, nil): return .members([("type", .string("card")), ("card", .members([("token", .string(token))]))])
        case (nil, let text?):
            do { return try JSON(parsing: Array(text.utf8)) } catch {
                throw ValidationError("--method is \(error.reason.rawValue).")
            }
        default: throw ValidationError("Give either --card-token or --method.")
        }
    }
}

struct PaymentsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "payments", abstract: "Look at payments.", subcommands: [Get.self])

    struct Get: AsyncParsableCommand {
        static let configuration = CommandConfiguration(commandName: "get", abstract: "Print a payment.")

        @OptionGroup var client: ClientOptions
        @Argument(help: "The payment's id, pay_….", transform: paymentID) var id: PaymentID

        func run() async throws {
            try await APIClient(client).get("/v1/payments/\(id)")
        }
    }
}

struct RefundCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "refund", abstract: "Refund a payment, in full or in part.")

    @OptionGroup var client: ClientOptions
    @Argument(help: "The payment's id, pay_….", transform: paymentID) var id: PaymentID
    @Option(help: "Minor units; without it, all that is left.") var amount: Int64?
    @Option(help: "Told to the gateway.") var reason: String?
    @Option(help: "Made where you give none; give the same one to repeat a refund.") var idempotencyKey: String?

    func run() async throws {
        let body = JSON.present([("amount", amount.map { .integer($0) }), ("reason", reason.map { .string($0) })])
        try await APIClient(client).post(
            "/v1/payments/\(id)/refunds", body, idempotencyKey: IdempotencyKey.given(idempotencyKey, json: client.json))
    }
}

struct CaptureCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "capture", abstract: "Capture an authorised payment, in full or in part; the rest is released.")

    @OptionGroup var client: ClientOptions
    @Argument(help: "The payment's id, pay_….", transform: paymentID) var id: PaymentID
    @Option(help: "Minor units; without it, all that was authorised.") var amount: Int64?
    @Option(help: "Made where you give none; give the same one to repeat a capture.") var idempotencyKey: String?

    func run() async throws {
        let body = JSON.present([("amount", amount.map { .integer($0) })])
        try await APIClient(client).post(
            "/v1/payments/\(id)/capture", body, idempotencyKey: IdempotencyKey.given(idempotencyKey, json: client.json))
    }
}

struct SyncCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sync", abstract: "Have the gateway asked what became of a payment, and print it.")

    @OptionGroup var client: ClientOptions
    @Argument(help: "The payment's id, pay_….", transform: paymentID) var id: PaymentID

    func run() async throws { try await APIClient(client).post("/v1/payments/\(id)/sync", nil, idempotencyKey: "sync") }
}

/// Reads a payment's id from the command line.
func paymentID(_ text: String) throws -> PaymentID {
    guard let id = PaymentID(text) else { throw ValidationError("A payment's id is pay_ and 26 characters.") }
    return id
}

enum IdempotencyKey {
    /// The given one, or a fresh one that is told, so that the request can be repeated.
    static func given(_ key: String?, json: Bool) -> String {
        if let key { return key }
        let fresh = "cli-\(InboundHeaders.freshRequestID(SystemRandom()))"
        if !json { CommandOutput.error("Idempotency-Key: \(fresh)") }
        return fresh
    }
}
