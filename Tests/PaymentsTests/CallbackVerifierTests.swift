import AdapterKit
import Payments
import Signing
import Testing

/// contract/callbacks.md, steps 1 to 3.
@Suite struct CallbackVerifierTests {
    private let now: Timestamp
    private let policy = CallbackPolicy(scheme: .hmacV1([SigningKey(id: "k1", secret: SignedCallback.secret)]))

    init() throws { now = try #require(Timestamp(wholeSecondsRFC3339: SignedCallback.time)) }

    /// What the delivery is refused for; `nil` where it is not.
    private func refusal(
        _ delivery: CallbackDelivery, under policy: CallbackPolicy? = nil, after delay: Duration = .zero
    ) -> CallbackRefusal? {
        let verdict = CallbackVerifier.judge(delivery, under: policy ?? self.policy, at: now + delay)
        return if case .refused(let refusal) = verdict { refusal } else { nil }
    }

    // MARK: - Signature

    @Test func `the sample of the fact sheet is verified, with what its signature covers`() {
        let delivery = SignedCallback().posted(SignedCallback.signature)
        let expected = VerifiedCallback(
            target: "/callbacks/bank-a", headers: delivery.headers, body: Array(#"{"event_id":"evt_1"}"#.utf8), eventID: "evt_1")
        #expect(
            CallbackVerifier.judge(delivery, under: policy, at: now) == .verified(expected, nonce: "n0nce-0123456789"))
    }

    @Test func `one bit of the body that differs from what was signed breaks the signature, whichever it is`() {
        let body = Array(SignedCallback().body.utf8)
        for bit in 0..<(body.count * 8) {
            var changed = body
            changed[bit / 8] ^= 1 << (bit % 8)
            let delivery = CallbackDelivery(
                gateway: "bank-a", method: "POST", target: "/callbacks/bank-a",
                headers: SignedCallback().posted(SignedCallback.signature).headers, body: changed, source: nil,
                certificateSubject: nil)
            #expect(refusal(delivery) == .badSignature)
        }
    }

    @Test(
        "what was changed after signing breaks the signature",
        arguments: [
            SignedCallback(method: "PUT"), SignedCallback(method: "post"), SignedCallback(method: ""),
            SignedCallback(target: "/callbacks/bank-b"), SignedCallback(target: "/callbacks/bank-a/"),
            SignedCallback(target: "/callbacks/bank%2Da"), SignedCallback(target: "/callbacks/bank-a?a=1"),
            SignedCallback(target: "/callbacks//bank-a"), SignedCallback(target: "/callbacks/./bank-a"),
            SignedCallback(target: "/Callbacks/bank-a"), SignedCallback(target: "/callbacks/bank-a\u{301}"),
            SignedCallback(target: "https://drawbridge.example/callbacks/bank-a"), SignedCallback(target: ""),
            SignedCallback(body: ""), SignedCallback(body: #"{"event_id":"evt_1"} "#),
            SignedCallback(body: #"{"event_id":"evt_1"}"# + "\n"), SignedCallback(time: "2026-01-02T03:04:06Z"),
            SignedCallback(nonce: "n0nce-0123456780"), SignedCallback(nonce: "N0nce-0123456789"),
            SignedCallback(eventID: "evt_2"), SignedCallback(eventID: " evt_1"),
        ])
    func changed(callback: SignedCallback) {
        #expect(refusal(callback.posted(SignedCallback.signature)) == .badSignature)
    }

    @Test(
        "the same path in another encoding is another path",
        arguments: [("/callbacks/a%2Fb", "/callbacks/a%2fb"), ("/callbacks/a%2Fb", "/callbacks/a/b"), ("/%7Ea", "/~a")])
    func encoded(signed: String, sent: String) throws {
        let signature = try SignedCallback(target: signed).signature()
        #expect(refusal(SignedCallback(target: signed).posted(signature)) == nil)
        #expect(refusal(SignedCallback(target: sent).posted(signature)) == .badSignature)
    }

    @Test func `the order of the query's pairs is not signed, the pairs are`() throws {
        let signature = try SignedCallback(target: "/callbacks/bank-a?b=2&a=%2F").signature()
        #expect(refusal(SignedCallback(target: "/callbacks/bank-a?a=%2F&b=2").posted(signature)) == nil)
        for query in ["?a=%2f&b=2", "?a=/&b=2", "?a=%2F", "?a=%2F&b=2&", "?a=%2F&b=2&b=2", ""] {
            #expect(refusal(SignedCallback(target: "/callbacks/bank-a" + query).posted(signature)) == .badSignature)
        }
    }

    @Test func `an empty body is signed as such`() throws {
        let callback = SignedCallback(body: "")
        #expect(refusal(try callback.posted()) == nil)
        #expect(refusal(SignedCallback(body: "{}").posted(try callback.signature())) == .badSignature)
    }

    @Test(
        "what is no signature of scheme v1 is a bad one",
        arguments: [
            "v1=", "v1", "zn7V9gQrAdpC+YPrrqg631BNK/BQgX7weglUx26UlHo=", "v2=zn7V9gQrAdpC+YPrrqg631BNK/BQgX7weglUx26UlHo=",
            "V1=zn7V9gQrAdpC+YPrrqg631BNK/BQgX7weglUx26UlHo=", "v1=zn7V9gQrAdpC+YPrrqg631BNK/BQgX7weglUx26UlHo",
            "v1=zn7V9gQrAdpC-YPrrqg631BNK_BQgX7weglUx26UlHo=", "v1=zn7V9gQrAdpC+YPrrqg631BNK/BQgX7weglUx26UlA==",
            "v1=zn7V9gQrAdpC+YPrrqg631BNK/BQgX7weglUx26UlHp=", ",", "v1=, v1=",
        ])
    func notASignature(text: String) {
        #expect(refusal(SignedCallback().posted(text)) == .badSignature)
    }

    // MARK: - Keys

    @Test func `another key's signature is bad, also under a key id that is known`() throws {
        #expect(refusal(try SignedCallback().posted(signedBy: Secret(text: "k3y-for-tests-onlz"))) == .badSignature)
        #expect(refusal(try SignedCallback().posted(signedBy: Secret([]))) == .badSignature)
    }

    @Test(
        "a key id that no key has is refused, whoever signed",
        arguments: ["k2", "K1", "k", "k11", " k1", "k1 "], [SignedCallback.secret, Secret(text: "no key has this id")])
    func unknownKey(id: String, secret: Secret) throws {
        #expect(refusal(try SignedCallback(keyID: id).posted(signedBy: secret)) == .keyUnknown)
    }

    @Test(
        "a key verifies only while it is valid",
        arguments: [(-3601, CallbackRefusal.keyUnknown), (-3600, nil), (3599, nil), (3600, .keyUnknown)])
    func validity(seconds: Int, expected: CallbackRefusal?) throws {
        let key = SigningKey(
            id: "k1", secret: SignedCallback.secret, notBefore: now + .seconds(-3600), notAfter: now + .seconds(3600))
        let callback = SignedCallback(time: (now + .seconds(seconds)).rfc3339WholeSeconds)
        let delivery = try callback.posted()
        #expect(
            refusal(delivery, under: CallbackPolicy(scheme: .hmacV1([key])), after: .seconds(seconds)) == expected)
    }

    @Test func `during a rotation each of two keys verifies under its own id alone`() throws {
        let (old, new) = (Secret(text: "old"), Secret(text: "new"))
        let rotating = CallbackPolicy(
            scheme: .hmacV1([SigningKey(id: "k1", secret: old), SigningKey(id: "k2", secret: new)]))
        #expect(refusal(try SignedCallback(keyID: "k1").posted(signedBy: old), under: rotating) == nil)
        #expect(refusal(try SignedCallback(keyID: "k2").posted(signedBy: new), under: rotating) == nil)
        #expect(refusal(try SignedCallback(keyID: "k1").posted(signedBy: new), under: rotating) == .badSignature)
        #expect(refusal(try SignedCallback(keyID: "k2").posted(signedBy: old), under: rotating) == .badSignature)
    }

    @Test func `two secrets of one key id both verify, and one signature of several is enough`() throws {
        let (old, new) = (Secret(text: "old"), Secret(text: "new"))
        let shared = CallbackPolicy(
            scheme: .hmacV1([SigningKey(id: "k1", secret: old), SigningKey(id: "k1", secret: new)]))
        #expect(refusal(try SignedCallback().posted(signedBy: old), under: shared) == nil)
        #expect(refusal(try SignedCallback().posted(signedBy: new), under: shared) == nil)
        let both = try [SignedCallback().signature(with: old), SignedCallback().signature()].joined(separator: ", ")
        #expect(refusal(SignedCallback().posted(both)) == nil)
    }

    @Test func `without any key nothing is proved`() throws {
        #expect(refusal(try SignedCallback().posted(), under: CallbackPolicy(scheme: .hmacV1([]))) == .keyUnknown)
    }

    // MARK: - Headers

    @Test("every header is demanded", arguments: SignedCallback.names)
    func missing(name: String) {
        let sent = SignedCallback().posted(SignedCallback.signature).headers.fields.filter { $0.name != name }
        #expect(refusal(SignedCallback().posted(sent.map { ($0.name, $0.value) })) == .headerMissing)
    }

    @Test("a header that stands twice is refused, also with the same value", arguments: SignedCallback.names)
    func repeated(name: String) throws {
        let sent = SignedCallback().posted(SignedCallback.signature).headers
        for (again, value) in [(name, try #require(sent.single(name))), (name.lowercased(), "x"), (name.uppercased(), "")] {
            var fields = sent
            fields.add(again, value)
            #expect(refusal(SignedCallback().posted(fields.fields.map { ($0.name, $0.value) })) == .headerRepeated)
        }
    }

    @Test("a header that is empty, too long or not printable ASCII is refused", arguments: SignedCallback.names)
    func malformed(name: String) {
        for value in [
            "", String(repeating: "a", count: 1025), "2026-01-02T03:04:0é", "n0nce-01234567\u{9}89", "evt_1\u{7F}\u{0}",
        ] {
            let fields = SignedCallback().posted(SignedCallback.signature).headers.fields.map {
                ($0.name, $0.name == name ? value : $0.value)
            }
            #expect(refusal(SignedCallback().posted(fields)) == .headerMalformed)
        }
    }

    @Test(
        "a time that is not written in UTC and whole seconds is refused, although it was signed",
        arguments: [
            "2026-01-02T03:04:05+00:00", "2026-01-02T03:04:05.0Z", "2026-01-02T03:04:05z", "2026-01-02 03:04:05Z",
            "2026-02-30T03:04:05Z", "2026-01-02T24:04:05Z", "2026-01-02T03:04:60Z", "1767323045", "00000000001767323045",
        ])
    func malformedTime(text: String) throws {
        #expect(refusal(try SignedCallback(time: text).posted()) == .headerMalformed)
    }

    @Test(
        "a nonce has 16 to 64 characters",
        arguments: [(1, CallbackRefusal.headerMalformed), (15, .headerMalformed), (16, nil), (64, nil), (65, .headerMalformed)])
    func nonce(length: Int, expected: CallbackRefusal?) throws {
        #expect(refusal(try SignedCallback(nonce: String(repeating: "n", count: length)).posted()) == expected)
    }

    @Test(
        "an event id has 1 to 128 characters",
        arguments: [(0, CallbackRefusal.headerMalformed), (1, nil), (128, nil), (129, .headerMalformed)])
    func eventID(length: Int, expected: CallbackRefusal?) throws {
        #expect(refusal(try SignedCallback(eventID: String(repeating: "e", count: length)).posted()) == expected)
    }

    // MARK: - Time

    private static let ends: [(Int, CallbackRefusal?)] = [
        (-86_400, .outsideWindow), (-301, .outsideWindow), (-300, nil), (-299, nil), (299, nil), (300, nil),
        (301, .outsideWindow), (86_400, .outsideWindow),
    ]

    @Test("both ends of five minutes are inside", arguments: ends)
    private func window(seconds: Int, expected: CallbackRefusal?) {
        #expect(refusal(SignedCallback().posted(SignedCallback.signature), after: .seconds(seconds)) == expected)
    }

    @Test func `a part of a second more than the window is still inside, as the time-stamp has none`() {
        let delivery = SignedCallback().posted(SignedCallback.signature)
        #expect(refusal(delivery, after: .milliseconds(300_999)) == nil)
        #expect(refusal(delivery, after: .milliseconds(-300_001)) == .outsideWindow)
    }

    @Test func `the gateway's own tolerance counts`() {
        var narrow = policy
        narrow.tolerance = .seconds(10)
        let delivery = SignedCallback().posted(SignedCallback.signature)
        #expect(refusal(delivery, under: narrow, after: .seconds(10)) == nil)
        #expect(refusal(delivery, under: narrow, after: .seconds(11)) == .outsideWindow)
        #expect(refusal(delivery, under: narrow, after: .seconds(-11)) == .outsideWindow)
    }

    @Test func `a signature is judged before its time: a stranger does not learn where our clock stands`() {
        #expect(refusal(SignedCallback(body: "{}").posted(SignedCallback.signature), after: .seconds(301)) == .badSignature)
        #expect(refusal(SignedCallback(keyID: "k2").posted(SignedCallback.signature), after: .seconds(301)) == .keyUnknown)
    }

    // MARK: - Network and certificate

    private static let sources: [(String?, isRefused: Bool)] = [
        ("192.0.3.1", true), ("2001:db8::1", true), ("", true), (nil, true), ("192.0.2.255", false),
    ]

    @Test(
        "a source outside the allowed networks is refused before anything else is looked at",
        arguments: sources)
    private func source(address: String?, isRefused: Bool) throws {
        var here = policy
        here.allowedNetworks = try ["198.51.100.7", "192.0.2.0/24"].map { try #require(AddressRange($0)) }
        here.certificateSubject = isRefused ? "CN=bank" : nil
        let delivery = SignedCallback(source: address).posted(isRefused ? "v1=" : SignedCallback.signature)
        #expect(refusal(delivery, under: here) == (isRefused ? .sourceNotAllowed : nil))
    }

    private static let certificates: [(String?, CallbackRefusal?)] = [
        (nil, .certificateMissing), ("", .certificateOfAnother), ("CN=bank,O=Other", .certificateOfAnother),
        ("cn=bank,O=Caf\u{E9}", .certificateOfAnother), ("CN=bank,O=Caf\u{E9} ", .certificateOfAnother),
        ("CN=bank,O=Cafe\u{301}", .certificateOfAnother), ("CN=bank,O=Caf\u{E9}", nil),
    ]

    @Test(
        "a signed delivery needs the certificate too where one is named",
        arguments: certificates)
    private func certificate(subject: String?, expected: CallbackRefusal?) {
        var demanding = policy
        demanding.certificateSubject = "CN=bank,O=Caf\u{E9}"
        let callback = SignedCallback(certificateSubject: subject)
        #expect(refusal(callback.posted(SignedCallback.signature), under: demanding) == expected)
        #expect(refusal(callback.posted("v1="), under: demanding) == expected ?? .badSignature)
    }

    @Test func `a certificate that nobody asked for proves nothing`() {
        #expect(refusal(SignedCallback(certificateSubject: "CN=bank").posted("v1=")) == .badSignature)
    }

    // MARK: - Unsigned, and hints

    private static let unsignedDeliveries: [(wanted: String?, shown: String?, CallbackRefusal?)] = [
        (nil, nil, .badSignature), (nil, "CN=bank", .badSignature), ("CN=bank", nil, .certificateMissing),
        ("CN=bank", "CN=other", .certificateOfAnother), ("CN=bank", "CN=bank", nil),
    ]

    @Test(
        "an unsigned delivery is proved by the certificate of the named subject alone",
        arguments: unsignedDeliveries)
    private func unsigned(wanted: String?, shown: String?, expected: CallbackRefusal?) {
        let policy = CallbackPolicy(scheme: .unsigned, certificateSubject: wanted)
        let delivery = SignedCallback(certificateSubject: shown).posted(SignedCallback.signature)
        #expect(refusal(delivery, under: policy) == expected)
        guard expected == nil else { return }
        let proved = VerifiedCallback(target: delivery.target, headers: delivery.headers, body: delivery.body, eventID: nil)
        #expect(CallbackVerifier.judge(delivery, under: policy, at: now) == .verified(proved, nonce: nil))
    }

    private func hint(_ delivery: CallbackDelivery) -> CallbackVerdict {
        .hint(UnprovenCallback(target: delivery.target, headers: delivery.headers, body: delivery.body))
    }

    @Test func `an unsigned delivery is a hint where the gateway says so, also under the right certificate`() {
        let delivery = SignedCallback(certificateSubject: "CN=bank").posted([])
        for subject in [nil, "CN=bank"] {
            let policy = CallbackPolicy(scheme: .unsigned, certificateSubject: subject, isHint: true)
            #expect(CallbackVerifier.judge(delivery, under: policy, at: now) == hint(delivery))
        }
        let another = CallbackPolicy(scheme: .unsigned, certificateSubject: "CN=other", isHint: true)
        #expect(refusal(delivery, under: another) == .certificateOfAnother)
    }

    @Test func `a signed hint must hold like any other and is never more than a hint`() {
        var hinting = policy
        hinting.isHint = true
        let delivery = SignedCallback().posted(SignedCallback.signature)
        #expect(CallbackVerifier.judge(delivery, under: hinting, at: now) == hint(delivery))
        #expect(refusal(SignedCallback(body: "{}").posted(SignedCallback.signature), under: hinting) == .badSignature)
        #expect(refusal(SignedCallback(keyID: "k2").posted(SignedCallback.signature), under: hinting) == .keyUnknown)
        #expect(refusal(SignedCallback().posted([]), under: hinting) == .headerMissing)
        #expect(refusal(delivery, under: hinting, after: .seconds(301)) == .outsideWindow)
    }

    @Test("who it comes from is 403, what it shows is 401", arguments: CallbackRefusal.allCases)
    func status(refusal: CallbackRefusal) {
        let isSender = [.sourceNotAllowed, .certificateMissing, .certificateOfAnother].contains(refusal)
        #expect(refusal.status == (isSender ? 403 : 401))
    }
}
