import AdapterKit
import Payments
import Signing
import Testing

/// Callbacks under the Standard Webhooks convention (protocols/standard-webhooks.md, 5 and 6).
@Suite struct CallbackWebhookTests {
    private static let id = "msg_p5jXN8AQM9LWM0D4loKWxJek"
    private static let signature = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    private static let body = #"{"test": 2432232314}"#
    private static let signedAt = Timestamp(seconds: 1_614_265_330)
    private static let names = ["webhook-id", "webhook-timestamp", "webhook-signature"]

    private let secret: Secret
    private let policy: CallbackPolicy

    init() throws {
        secret = try #require(StandardWebhooks.secret(Secret(text: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")))
        policy = CallbackPolicy(scheme: .standardWebhooks([secret]))
    }

    private static func posted(
        id: String = id, time: String = "1614265330", signature: String = signature, body: String = body
    ) -> CallbackDelivery {
        posted(Array(zip(names, [id, time, signature])), body: body)
    }

    private static func posted(_ headers: [(String, String)], body: String = body) -> CallbackDelivery {
        CallbackDelivery(
            gateway: "psp-a", method: "POST", target: "/callbacks/psp-a", headers: Headers(headers), body: Array(body.utf8),
            source: nil, certificateSubject: nil)
    }

    private func refusal(
        _ delivery: CallbackDelivery, under policy: CallbackPolicy? = nil, after delay: Duration = .zero
    ) -> CallbackRefusal? {
        let verdict = CallbackVerifier.judge(delivery, under: policy ?? self.policy, at: Self.signedAt + delay)
        return if case .refused(let refusal) = verdict { refusal } else { nil }
    }

    @Test func `the public sample is verified, and the message's id is the event's`() {
        let delivery = Self.posted()
        let expected = VerifiedCallback(
            target: "/callbacks/psp-a", headers: delivery.headers, body: delivery.body, eventID: Self.id)
        #expect(CallbackVerifier.judge(delivery, under: policy, at: Self.signedAt) == .verified(expected, nonce: nil))
    }

    @Test(
        "what was changed after signing breaks the signature",
        arguments: [
            posted(id: "msg_p5jXN8AQM9LWM0D4loKWxJel"), posted(time: "1614265331"), posted(body: ""),
            posted(body: #"{"test": 2432232315}"#), posted(signature: "v1a" + signature.dropFirst(2)),
            posted(signature: "v2" + signature.dropFirst(2)), posted(signature: String(signature.dropFirst(3))),
            posted(signature: "v1,"), posted(signature: " "), posted(signature: signature + ",x"),
        ])
    func changed(delivery: CallbackDelivery) { #expect(refusal(delivery) == .badSignature) }

    @Test func `another secret does not verify, one of several does, none proves nothing`() {
        let other = Secret(text: "another secret of enough bytes")
        #expect(refusal(Self.posted(), under: CallbackPolicy(scheme: .standardWebhooks([other]))) == .badSignature)
        #expect(refusal(Self.posted(), under: CallbackPolicy(scheme: .standardWebhooks([other, secret]))) == nil)
        #expect(refusal(Self.posted(), under: CallbackPolicy(scheme: .standardWebhooks([]))) == .badSignature)
        #expect(refusal(Self.posted(signature: "v1a,AA== " + Self.signature)) == nil)
    }

    @Test("every header is demanded once, with something in it", arguments: names)
    func headers(name: String) throws {
        let sent = Self.posted().headers
        let fields = sent.fields.map { ($0.name, $0.value) }
        #expect(refusal(Self.posted(fields.filter { $0.0 != name })) == .headerMissing)
        #expect(refusal(Self.posted(fields + [(name.uppercased(), try #require(sent.single(name)))])) == .headerRepeated)
        #expect(refusal(Self.posted(fields.map { ($0.0, $0.0 == name ? "" : $0.1) })) == .headerMalformed)
        #expect(refusal(Self.posted(fields.map { ($0.0, $0.0 == name ? "é" : $0.1) })) == .headerMalformed)
    }

    @Test(
        "an id with a dot or over 128 characters is refused, although it was signed",
        arguments: [("msg.1", false), ("msg_1.", false), (String(repeating: "m", count: 129), false), ("m", true)])
    func id(id: String, isTaken: Bool) {
        let signature = StandardWebhooks.signature(
            id: id, timestamp: "1614265330", body: Array(Self.body.utf8), secrets: [secret])
        #expect(refusal(Self.posted(id: id, signature: signature)) == (isTaken ? nil : .headerMalformed))
    }

    @Test(
        "a time that is not plain digits is refused, although it was signed",
        arguments: ["1614265330.9", "+1614265330", "-1", "01614265330", "soon", "1614265330 ", "16142653300000", "0x60379F72"])
    func time(text: String) {
        let signature = StandardWebhooks.signature(
            id: Self.id, timestamp: text, body: Array(Self.body.utf8), secrets: [secret])
        #expect(refusal(Self.posted(time: text, signature: signature)) == .headerMalformed)
    }

    private static let ends: [(Int, CallbackRefusal?)] = [
        (-301, .outsideWindow), (-300, nil), (-299, nil), (299, nil), (300, nil), (301, .outsideWindow),
    ]

    @Test("both ends of five minutes are inside", arguments: ends)
    private func window(seconds: Int, expected: CallbackRefusal?) {
        #expect(refusal(Self.posted(), after: .seconds(seconds)) == expected)
    }

    @Test func `a signature is judged before its time`() {
        #expect(refusal(Self.posted(body: "{}"), after: .seconds(301)) == .badSignature)
    }
}
