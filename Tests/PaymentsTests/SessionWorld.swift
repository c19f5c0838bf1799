import AdapterKit
import Logging
import TestKit
import Testing

@testable import Payments

/// A gateway that is entered by a session, on a network that follows a script, at a clock that is moved by hand.
struct SessionWorld: Sendable {
    static let attempt = Duration.seconds(3)

    let time = ManualTime()
    let network = FakeTransport()
    let log = RecordedLog()
    let client: GatewayClient
    let gateway: Gateway

    init() throws {
        client = GatewayClient(transport: network, time: time, random: SeededRandom(seed: 1), logger: log.logger)
        var endpoint = Endpoint(
            scheme: .https, host: "gateway.example", port: 8443, basePath: "/api", authorities: .pem([1]),
            identity: Endpoint.Identity(certificate: [2], key: Secret([3])), pins: ["pin"])
        endpoint.attemptTimeout = Self.attempt
        gateway = Gateway(name: "gateway-a", adapter: try SessionAdapter(settings: .none), endpoint: endpoint)
    }

    /// One request that moves money.
    func ask() async -> GatewayClient.Exchange {
        let request = GatewayRequest(method: .post, target: "/charges", body: [0x7B, 0x7D])
        return await client.exchange(request, for: .payment, at: gateway, signedAt: time.now())
    }

    /// So many at the same time.
    func ask(times count: Int) async -> [GatewayClient.Exchange] {
        await withTaskGroup(of: GatewayClient.Exchange.self) { group in
            for _ in 0..<count { group.addTask { await ask() } }
            return await group.reduce(into: []) { $0.append($1) }
        }
    }

    /// The `Authorization` of every request to the gateway itself, in order.
    var tokens: [String] {
        network.sent.filter { $0.request.target == "/charges" }.map { $0.request.headers.single("Authorization") ?? "none" }
    }

    /// Requests for a token.
    var fetches: Int { network.sent.filter { $0.request.target == "/oauth/token" }.count }
}

extension FakeTransport.Step {
    /// - Parameter life: seconds.
    static func token(_ token: String, life: Int = 300) -> Self {
        answer(200, #"{"access_token":"\#(token)","token_type":"Bearer","expires_in":\#(life)}"#)
    }

    static func answer(_ status: Int, _ body: String = "{}") -> Self {
        unsigned(GatewayResponse(status: status, body: Array(body.utf8)))
    }

    static let accepted = answer(200)
    static let unauthorized = answer(401)
}

extension GatewayClient.Exchange {
    /// In one word.
    var word: String {
        switch self {
        case .answered(let response): "\(response.status)"
        case .unverified: "unverified"
        case .failed(let failure): failure.code.rawValue
        case .unsigned(let reason): "unsigned: \(reason)"
        case .closed(let reason): "closed: \(reason)"
        }
    }
}

extension AdapterSettings {
    fileprivate static let none = AdapterSettings(values: .object([])) { _ throws(SecretFailure) in
        throw SecretFailure(expected: "none")
    }
}

/// Nothing but a session; `gateway.example` gives out its tokens at another port.
private struct SessionAdapter: GatewayAdapter {
    static let name = "session"
    static let summary = "Entered by a session."
    static let settings: [SettingDescription] = []
    static let loggableMembers: Set<String> = []

    let authentication: Authentication
    let account = ["acme"]

    init(settings: AdapterSettings) throws(SettingsFailure) {
        guard let service = ServiceURL("https://tokens.example:9443/oauth/token") else {
            throw settings.failure(of: "", expected: "an address")
        }
        authentication = .session(
            .clientCredentials(at: service, client: "acme", secret: Secret(text: "s3cret"), scope: "pay"))
    }

    var capabilities: Capabilities {
        Capabilities(
            operations: [.payment], methods: [.card], idempotency: .none, inquiryByReference: false, notFoundFinalAfter: nil,
            acceptsSignedRequestFor: nil, reversal: false, lateSuccess: .never)
    }

    func request(for operation: Operation) throws(EncodingFailure) -> GatewayRequest {
        throw EncodingFailure(reason: "not asked")
    }
    func outcome(of response: GatewayResponse, for operation: Operation) -> Outcome { .unknown(Unknown(reason: "not_asked")) }
    func inquiryAnswer(of response: GatewayResponse, for operation: Operation) -> InquiryAnswer {
        .unanswered(reason: "not_asked")
    }
}
