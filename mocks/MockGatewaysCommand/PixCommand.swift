import AdapterKit
import ArgumentParser
import MockGateways

/// `mock-gateways pix`: serves until SIGTERM or SIGINT.
struct PixCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pix", abstract: "A Brazilian payment service provider that speaks the Pix API over mutual TLS.",
        discussion: """
            Prints one line of JSON when it listens: {"ready":true,"port":9443,"control_port":9444}. Tokens are given out at
            /oauth/token, the API stands below /api/v2.

            A charge stays ATIVA until its payer pays: POST /settle {"reference":"pay_...","status":"APPROVED"} of the control API, or
            mock:callback_after_action in its description. Refunds are EM_PROCESSAMENTO, then DEVOLVIDO by themselves; with
            mock:pending at the control API (operation refund) until they are settled. Misbehaviours and control API are those of
            `mock-gateways bank`; credentials revokes every token, and the operation session is a token's.

            With --callback-url what was received and given back is posted to that URL with /pix appended, up to ten in one,
            proved by the client certificate alone, until it is answered 200.
            """)

    @OptionGroup
    var serving: ServingOptions

    @Option(help: "PEM file with the authority that signs the clients' certificates.")
    var clientCa: String

    @Option(help: "Our client id.")
    var clientId: String

    @Option(help: "The secret of that client: text:VALUE, env:NAME or file:PATH.")
    var clientSecret: SecretSource

    @Option(help: "Seconds that a token serves.")
    var tokenLifetime = 300

    @OptionGroup(title: "Callbacks")
    var callbacks: CallbackOptions

    func validate() throws {
        guard (1...86_400).contains(tokenLifetime) else {
            throw ValidationError("--token-lifetime must be 1 to 86400 seconds.")
        }
    }

    func run() async throws {
        let face = GatewayFace.pix(clientID: clientId, secret: try clientSecret.read(), tokenLifetime: .seconds(tokenLifetime))
        var configuration = try serving.configuration(face, clientCa: clientCa)
        configuration.callbacks = try callbacks.destination()
        try await ServingOptions.serve(configuration)
    }
}
