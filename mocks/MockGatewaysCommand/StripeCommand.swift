import ArgumentParser
import MockGateways

/// `mock-gateways stripe`: serves until SIGTERM or SIGINT.
struct StripeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "stripe", abstract: "A gateway that speaks Stripe's PaymentIntents and Refunds and misbehaves on request.",
        discussion: """
            Prints one line of JSON when it listens: {"ready":true,"port":9443,"control_port":9444}.

            PaymentIntents are confirmed at once (confirm=true), by card (payment_method=pm_...). Every POST needs an
            Idempotency-Key, which is the reference in the ledger, and in metadata[reference] where that is given. A key that
            was used is answered as before, with Idempotent-Replayed, also where that was a 500; with other parameters it is 400.
              pm_card_visa_chargeDeclined, pm_card_visa_chargeDeclinedInsufficientFunds, pm_card_authenticationRequired
            are refused or ask for an action; a description that holds mock:NAME misbehaves, as the control API does
            (mock-gateways bank --help).

            With --callback-url it posts what changes by itself as an event, signed with Stripe-Signature, until it is answered
            200 to 299.
            """)

    @OptionGroup
    var serving: ServingOptions

    @Option(help: "PEM file with the authority that signs the clients' certificates; without it none is asked for.")
    var clientCa: String?

    @Option(help: "The secret key that requests must bear: text:VALUE, env:NAME or file:PATH.")
    var secretKey: SecretSource

    @OptionGroup(title: "Callbacks")
    var callbacks: CallbackOptions

    func validate() throws {
        guard callbacks.callbackUrl == nil || callbacks.callbackSecret != nil else {
            throw ValidationError("--callback-url needs --callback-secret.")
        }
    }

    func run() async throws {
        var configuration = try serving.configuration(.stripe(key: try secretKey.read()), clientCa: clientCa)
        configuration.callbacks = try callbacks.destination()
        try await ServingOptions.serve(configuration)
    }
}
