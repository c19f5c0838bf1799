import AdapterKit
import ArgumentParser
import MockGateways

/// `mock-gateways npci-upi`: serves until SIGTERM or SIGINT.
struct NPCIUPICommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "npci-upi", abstract: "A UPI facade over mutual TLS that misbehaves on request.",
        discussion: """
            Prints one line of JSON when it listens, and is controlled as `mock-gateways bank --help` says; its ledger knows charges and
            refunds by refId.

            A push is answered PENDING and approved by callback, a collect request once its payer has acted. The note of a payment may hold
            mock:NAME: decline_Z9 and the like decline at once, callback_declined later; pending waits for POST /settle, and is told as
            DEEMED where the note also says deemed. A transaction id that comes again is answered U01.
            """)

    @OptionGroup
    var serving: ServingOptions

    @Option(help: "PEM file with the authority that signs the clients' certificates.")
    var clientCa: String

    @Option(help: "What the client's X-UPI-Org-Id has to be.")
    var clientOrganisation: String

    @Option(help: "What X-UPI-Key-Id has to be.")
    var keyId: String

    @Option(help: "The secret of that key: text:VALUE, env:NAME or file:PATH.")
    var secret: SecretSource

    @Option(help: "PEM file with the client's P-256 public key.")
    var clientPayloadKey: String

    @Option(help: "The facade's own id, in callbacks.")
    var organisation: String

    @Option(help: "PEM file with the facade's P-256 private key, which signs callbacks.")
    var payloadKey: String

    @Flag(help: "ECDSA signatures are DER in both directions, not 64 raw bytes.")
    var derSignatures = false

    @OptionGroup(title: "Callbacks")
    var callbacks: CallbackOptions

    func validate() throws { try callbacks.requireKey() }

    func run() async throws {
        let client = NonceSigned(
            names: .proposed, sender: clientOrganisation, keys: [SigningKey(id: keyId, secret: try secret.read())],
            payload: try payload(clientPayloadKey))
        let face = try face(client, own: try payload(payloadKey))
        var configuration = try serving.configuration(face, clientCa: clientCa)
        configuration.callbacks = try callbacks.destination()
        try await ServingOptions.serve(configuration)
    }

    private func payload(_ path: String) throws -> NonceSigned.Payload {
        NonceSigned.Payload(key: Secret(try PEMFile.read(path)), form: derSignatures ? .der : .raw)
    }

    private func face(_ client: NonceSigned, own: NonceSigned.Payload) throws -> GatewayFace {
        do { return try .npciUPI(client: client, organisation: organisation, payload: own) } catch {
            switch error {
            case .client: throw ValidationError("\(clientPayloadKey) is no P-256 public key in PEM")
            case .own: throw ValidationError("\(payloadKey) is no P-256 private key in PEM")
            }
        }
    }
}
