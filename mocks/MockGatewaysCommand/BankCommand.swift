import AdapterKit
import ArgumentParser
import MockGateways

/// `mock-gateways bank`: serves until SIGTERM or SIGINT.
struct BankCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bank", abstract: "A bank that speaks bank-hmac over mutual TLS and misbehaves on request.",
        discussion: """
            Prints one line of JSON when it listens: {"ready":true,"port":9443,"control_port":9444}.

            A charge misbehaves when its description holds mock:NAME, any request when the control API says so:
              POST /misbehave {"operation":"inquiry","name":"status_500","times":1}
              POST /settle    {"reference":"pay_1","status":"APPROVED"} for a pending charge; add "refund" for a refund of it; calls back
                              {"settlements":[...]} for several at one moment
              POST /reset     forgets charges, counters, rules and callbacks
              GET  /ledger, /ledger/REFERENCE, /counters, /callbacks
              PUT  /mockserver/expectation and others of MockServer (mocks/expectations/README.md)
            Operations: \(BankOperation.allCases.map(\.rawValue).joined(separator: ", ")).
            Names: \(Misbehaviour.names.joined(separator: ", ")).

            With --callback-url the bank posts what it decides by itself, signed, until it is answered 200 or 204: ten tries,
            1 s, 2 s, 4 s and so on apart. That is a charge or refund settled by /settle or named callback_...:
              callback_on_time        answers PENDING, then approves and calls back
              callback_before_answer  calls back and waits for the acknowledgement, then answers
              callback_late           calls back 3 s after it was decided; callback_late=MS after so many milliseconds
              callback_twice          sends the event again, freshly signed, when it was acknowledged
              callback_out_of_order   the final state, then an older event that says PENDING
              callback_forged         signed with another secret
              callback_stale          signed for 301 s ago
              callback_from_future    signed for 330 s ahead
              callback_replayed       the very same request again when it was acknowledged
              callback_wrong_amount   one minor unit too many
              callback_lost           approves and never calls back
              callback_declined       answers PENDING, then declines and calls back
              callback_after_action   answers ACTION_REQUIRED, then approves and calls back
              callback_for_refund     approves the charge; its refunds are PENDING, then approved and called back
            """)

    @OptionGroup
    var serving: ServingOptions

    @Option(help: "PEM file with the authority that signs the clients' certificates.")
    var clientCa: String

    @Option(help: "What X-Tenant-Id has to be.")
    var tenant: String

    @Option(help: "What X-Key-Id has to be.")
    var keyId: String

    @Option(help: "The secret of that key: text:VALUE, env:NAME or file:PATH.")
    var secret: SecretSource

    @OptionGroup(title: "Callbacks")
    var callbacks: CallbackOptions

    func validate() throws { try callbacks.requireKey() }

    func run() async throws {
        let signing = SigningKey(id: keyId, secret: try secret.read())
        var configuration = try serving.configuration(.bankHMAC(tenant: tenant, keys: [signing]), clientCa: clientCa)
        configuration.callbacks = try callbacks.destination()
        try await ServingOptions.serve(configuration)
    }
}
