import AdapterKit
import Payments
import Signing
import Testing

/// protocols/npci-upi.md, 5: the shared key, the time, the sender's own key.
@Suite struct CallbackNonceSignedTests {
    /// The throw-away keys of protocols/npci-upi.md, 6, and another one.
    private static let ownKey = """
        -----BEGIN PRIVATE KEY-----
        MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgp8wmddyeAU4CqSlP
        eBO9k0BOgq3g799B10qQoDELRCmhRANCAATfv0N8Ous5M+lWb3XVZYw0OB4TtfIw
        W5osOskuswkTQlTLxX/uuqX9blKZV4oWqQrLbY0ugYlvnvu3HI2JmJ9X
        -----END PRIVATE KEY-----

        """
    private static let ownPublicKey = """
        -----BEGIN PUBLIC KEY-----
        MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE379DfDrrOTPpVm911WWMNDgeE7Xy
        MFuaLDrJLrMJE0JUy8V/7rql/W5SmVeKFqkKy22NLoGJb577txyNiZifVw==
        -----END PUBLIC KEY-----

        """
    private static let anotherKey = """
        -----BEGIN PRIVATE KEY-----
        MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgAAAAAAAAAAAAAAAA
        AAAAAAAAAAAAAAAAAAAAAAAAMDmhRANCAAQm7869DunjSmaRh+GLOpEisvczlFtk
        nMn5+SHp+drYEpAji96cx7szDRUMZ3BN0lrnBVIFdEtvMb9AcHRYctDm
        -----END PRIVATE KEY-----

        """
    private static let secret = Secret(text: "callback-secret")
    private static let time = "2026-01-01T00:00:00Z"
    private static let names = NonceSigned.Names(
        sender: "X-Org", timestamp: "X-Time", nonce: "X-Nonce", keyID: "X-Key", signature: "X-Code", payloadSignature: "X-Own")
    private static let headers = ["X-Org", "X-Time", "X-Nonce", "X-Key", "X-Code", "X-Own"]

    private let now: Timestamp

    init() throws { now = try #require(Timestamp(wholeSecondsRFC3339: Self.time)) }

    /// A callback as the facade signs it, and as it is posted.
    private struct Posted {
        var method = "POST"
        var target = "/callbacks/upi"
        var body = #"{"txnId":"ACM0"}"#
        var sender = "facade"
        var time = CallbackNonceSignedTests.time
        var nonce = "n-7f3a9c1e5b2d4860"
        var keyID = "f1"
        var secret = CallbackNonceSignedTests.secret
        var ownKey = CallbackNonceSignedTests.ownKey
        var form = NonceSigned.Payload.Form.raw

        var values: [String] {
            get throws {
                let message = NonceSignature.Message(
                    method: method, path: String(target.prefix { $0 != "?" }), timestamp: time, nonce: nonce,
                    body: Array(body.utf8))
                let payload = NonceSigned.Payload(key: Secret(text: ownKey), form: form)
                return [
                    sender, time, nonce, keyID, NonceSignature.code(of: message, with: secret),
                    try #require(NonceSignature.payloadSignature(of: message, payload)),
                ]
            }
        }

        func delivery(_ fields: [(String, String)]? = nil) throws -> CallbackDelivery {
            CallbackDelivery(
                gateway: "upi", method: method, target: target,
                headers: Headers(try fields ?? Array(zip(CallbackNonceSignedTests.headers, values))), body: Array(body.utf8),
                source: nil, certificateSubject: nil)
        }

        /// Signed as this one, posted as the other: its headers beside what is not one.
        func posted(as other: Posted) throws -> CallbackDelivery {
            try other.delivery(Array(zip(CallbackNonceSignedTests.headers, values)))
        }
    }

    private func policy(
        keys: [SigningKey]? = nil, form: NonceSigned.Payload.Form? = .raw, certificate: String? = nil
    ) -> CallbackPolicy {
        let payload = form.map { NonceSigned.Payload(key: Secret(text: Self.ownPublicKey), form: $0) }
        return CallbackPolicy(
            scheme: .nonceSigned(
                NonceSigned(
                    names: Self.names, sender: "facade", keys: keys ?? [SigningKey(id: "f1", secret: Self.secret)],
                    payload: payload)),
            certificateSubject: certificate)
    }

    /// What the delivery is refused for; `nil` where it is not.
    private func refusal(
        _ delivery: CallbackDelivery, under policy: CallbackPolicy? = nil, after delay: Duration = .zero
    ) -> CallbackRefusal? {
        let verdict = CallbackVerifier.judge(delivery, under: policy ?? self.policy(), at: now + delay)
        return if case .refused(let refusal) = verdict { refusal } else { nil }
    }

    private func posted(_ change: (inout Posted) -> Void) throws -> CallbackDelivery {
        var posted = Posted()
        change(&posted)
        return try posted.delivery()
    }

    // MARK: What holds

    @Test func `what both keys have signed is proved, with its nonce`() throws {
        let delivery = try Posted().delivery()
        let proved = VerifiedCallback(target: delivery.target, headers: delivery.headers, body: delivery.body, eventID: nil)
        #expect(CallbackVerifier.judge(delivery, under: policy(), at: now) == .verified(proved, nonce: "n-7f3a9c1e5b2d4860"))
    }

    @Test func `a query is not signed, as the scheme knows none`() throws {
        #expect(refusal(try posted { $0.target += "?a=1" }) == nil)
    }

    @Test func `a signature in the agreed form holds, in the other one it does not`() throws {
        #expect(refusal(try posted { $0.form = .der }, under: policy(form: .der)) == nil)
        #expect(refusal(try posted { $0.form = .der }) == .badSignature)
        #expect(refusal(try Posted().delivery(), under: policy(form: .der)) == .badSignature)
    }

    @Test func `where no key of the sender's own was agreed, the shared one proves it`() throws {
        let fields = zip(Self.headers, try Posted().values).dropLast()
        #expect(refusal(try Posted().delivery(Array(fields)), under: policy(form: nil)) == nil)
        #expect(refusal(try Posted().delivery(Array(fields))) == .headerMissing)
    }

    // MARK: Headers

    @Test("every header is demanded", arguments: headers)
    func missing(name: String) throws {
        let fields = zip(Self.headers, try Posted().values).filter { $0.0 != name }
        #expect(refusal(try Posted().delivery(fields)) == .headerMissing)
    }

    @Test("a header that stands twice is refused, also with the same value", arguments: headers)
    func repeated(name: String) throws {
        let fields = Array(zip(Self.headers, try Posted().values))
        let value = try #require(fields.first { $0.0 == name }?.1)
        for (again, value) in [(name, value), (name.lowercased(), "x"), (name.uppercased(), "")] {
            #expect(refusal(try Posted().delivery(fields + [(again, value)])) == .headerRepeated)
        }
    }

    @Test("a header that is empty, too long or not printable ASCII is refused", arguments: headers)
    func malformed(name: String) throws {
        for value in [
            "", String(repeating: "a", count: 257), "facad\u{E9}", "n-7f3a9c1e5b2d\u{9}4860", "2026-01-01T00:00:0\u{0}Z",
        ] {
            let fields = zip(Self.headers, try Posted().values).map { ($0.0, $0.0 == name ? value : $0.1) }
            #expect(refusal(try Posted().delivery(fields)) == .headerMalformed)
        }
    }

    @Test(
        "a time that is not written in UTC and whole seconds is refused, although it was signed",
        arguments: [
            "2026-01-01T00:00:00+00:00", "2026-01-01T00:00:00.0Z", "2026-01-01T00:00:00z", "2026-01-01 00:00:00Z",
            "2026-02-30T00:00:00Z", "2026-01-01T24:00:00Z", "1767225600", "00000000001767225600",
        ])
    func malformedTime(text: String) throws {
        #expect(refusal(try posted { $0.time = text }) == .headerMalformed)
    }

    @Test(
        "a nonce of another form is refused, although it was signed",
        arguments: [
            "n-7f3a9c1e5b2d4", String(repeating: "n", count: 65), "n-7f3a9c1e5b2d4860=", "n/7f3a9c1e5b2d4860",
            "n 7f3a9c1e5b2d4860",
            "n:7f3a9c1e5b2d4860", "n+7f3a9c1e5b2d4860",
        ])
    func malformedNonce(text: String) throws {
        #expect(refusal(try posted { $0.nonce = text }) == .headerMalformed)
    }

    // MARK: Shared key

    @Test(
        "a key id that no key has is refused, whoever signed", arguments: ["f2", "F1", "f", "f11", " f1", "f1 "],
        [secret, Secret(text: "no key has this id")])
    func unknownKey(id: String, secret: Secret) throws {
        let delivery = try posted {
            $0.keyID = id
            $0.secret = secret
        }
        #expect(refusal(delivery) == .keyUnknown)
    }

    @Test(
        "a key verifies only while it is valid",
        arguments: [(-101, CallbackRefusal.keyUnknown), (-100, nil), (99, nil), (100, .keyUnknown)])
    func validity(seconds: Int, expected: CallbackRefusal?) throws {
        let key = SigningKey(
            id: "f1", secret: Self.secret, notBefore: now + .seconds(-100), notAfter: now + .seconds(100))
        #expect(refusal(try Posted().delivery(), under: policy(keys: [key]), after: .seconds(seconds)) == expected)
    }

    @Test func `during a rotation each of two keys verifies under its own id alone`() throws {
        let new = Secret(text: "new")
        let rotating = policy(keys: [SigningKey(id: "f1", secret: Self.secret), SigningKey(id: "f2", secret: new)])
        #expect(refusal(try Posted().delivery(), under: rotating) == nil)
        #expect(refusal(try posted { ($0.keyID, $0.secret) = ("f2", new) }, under: rotating) == nil)
        #expect(refusal(try posted { $0.secret = new }, under: rotating) == .badSignature)
        #expect(refusal(try posted { $0.keyID = "f2" }, under: rotating) == .badSignature)
        #expect(refusal(try Posted().delivery(), under: policy(keys: [])) == .keyUnknown)
    }

    @Test("another sender's name goes with no key of ours", arguments: ["other", "Facade", "facade2", "facad"])
    func sender(name: String) throws {
        #expect(refusal(try posted { $0.sender = name }) == .badSignature)
    }

    @Test func `another shared key proves nothing, though the sender's own holds`() throws {
        #expect(refusal(try posted { $0.secret = Secret(text: "callback-secreu") }) == .badSignature)
        #expect(refusal(try posted { $0.secret = Secret([]) }) == .badSignature)
    }

    @Test func `what was changed after signing breaks the signatures`() throws {
        let changes: [(inout Posted) -> Void] = [
            { $0.method = "PUT" }, { $0.method = "post" }, { $0.target = "/callbacks/upi2" }, { $0.target = "/callbacks/upi/" },
            { $0.target = "/callbacks/u%70i" }, { $0.target = "//callbacks/upi" }, { $0.target = "/Callbacks/upi" },
            { $0.target = "" }, { $0.body = "" }, { $0.body += " " }, { $0.body += "\n" },
            { $0.body = #"{"txnId":"ACM1"}"# },
        ]
        for change in changes {
            var other = Posted()
            change(&other)
            #expect(refusal(try Posted().posted(as: other)) == .badSignature)
        }
        let values = try Posted().values
        for (index, value) in [(1, "2026-01-01T00:00:01Z"), (2, "n-7f3a9c1e5b2d4861")] {
            var changed = values
            changed[index] = value
            #expect(refusal(try Posted().delivery(Array(zip(Self.headers, changed)))) == .badSignature)
        }
    }

    // MARK: The sender's own key

    @Test func `another's own key proves nothing, though the shared one holds`() throws {
        #expect(refusal(try posted { $0.ownKey = Self.anotherKey }) == .badSignature)
    }

    @Test func `the own signature of another message proves nothing beside a code that holds`() throws {
        let values = try Posted().values
        for other in [Posted(body: "{}"), Posted(time: "2026-01-01T00:00:01Z"), Posted(nonce: "n-7f3a9c1e5b2d4861")] {
            let mixed = values.dropLast() + [try #require(try other.values.last)]
            #expect(refusal(try Posted().delivery(Array(zip(Self.headers, mixed)))) == .badSignature)
        }
    }

    @Test(
        "what is no signature is a bad one, in either place",
        arguments: ["=", "AAAA", "v1=AAAA", "none", String(repeating: "A", count: 88), String(repeating: "A", count: 44), ","])
    func noSignature(text: String) throws {
        for index in [4, 5] {
            var values = try Posted().values
            values[index] = text
            #expect(refusal(try Posted().delivery(Array(zip(Self.headers, values)))) == .badSignature)
        }
    }

    // MARK: Time and certificate

    private static let ends: [(Int, CallbackRefusal?)] = [
        (-86_400, .outsideWindow), (-301, .outsideWindow), (-300, nil), (300, nil), (301, .outsideWindow),
        (86_400, .outsideWindow),
    ]

    @Test("both ends of five minutes are inside", arguments: ends)
    private func window(seconds: Int, expected: CallbackRefusal?) throws {
        #expect(refusal(try Posted().delivery(), after: .seconds(seconds)) == expected)
    }

    @Test func `the signatures are judged before the time: a stranger does not learn where our clock stands`() throws {
        let late = Duration.seconds(301)
        #expect(refusal(try posted { $0.secret = Secret([]) }, after: late) == .badSignature)
        #expect(refusal(try posted { $0.ownKey = Self.anotherKey }, after: late) == .badSignature)
        #expect(refusal(try posted { $0.keyID = "f2" }, after: late) == .keyUnknown)
    }

    @Test func `the certificate that is named is demanded before anything that is signed`() throws {
        #expect(refusal(try Posted().delivery(), under: policy(certificate: "CN=facade")) == .certificateMissing)
        #expect(refusal(try posted { $0.secret = Secret([]) }, under: policy(certificate: "CN=facade")) == .certificateMissing)
    }
}
