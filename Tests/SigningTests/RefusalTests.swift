import AdapterKit
import Signing
import Testing

/// The `must_fail` list of Vectors/generic-bank-hmac.json, and what else must not verify.
///
/// "Two X-Timestamp headers" is refused before signing code is reached: `Headers.single` (AdapterKitTests). "301 s" and "+00:00" are
/// refused by `TimestampWindow` and `Timestamp`; a time-stamp that was changed after signing is refused here.
@Suite struct RefusalTests {
    private let file: VectorFile
    private let get: VectorFile.Vector
    private let post: VectorFile.Vector

    init() throws {
        file = try VectorFile()
        get = try #require(file.vectors.first)
        post = try #require(file.vectors.dropFirst().first)
    }

    private func holds(_ header: String, _ request: HMACV1.Request, _ secrets: [Secret]? = nil) -> Bool {
        HMACV1.verify(header, of: request, with: secrets ?? [file.secret])
    }

    @Test func `a signature does not hold for another target`() {
        var request = get.request
        request.target = post.request.target
        #expect(!holds(get.signature, request))
    }

    @Test func `a signature over a string with a line feed at its end does not hold`() {
        // Computed outside this project, over the canonical string of vector 1 and one 0x0A more.
        #expect(!holds("v1=hv160b545u9kPL6s+wo3eF7t+NIsfdDH9l3jhTVV2go=", get.request))
    }

    @Test func `a signature in hexadecimal does not hold`() throws {
        let code = try #require(Base64.decode(post.signature.dropFirst(3)))
        #expect(holds("v1=" + Base64.encode(code), post.request))
        #expect(!holds("v1=" + Hex.encode(code), post.request))
    }

    @Test(
        "a signature that is not exactly as scheme v1 writes it does not hold",
        arguments: [
            { (signature: String) in String(signature.dropFirst(3)) }, { "V1" + $0.dropFirst(2) }, { "v2" + $0.dropFirst(2) },
            { String($0.dropLast()) }, { $0 + "=" }, { "v1= " + $0.dropFirst(3) }, { $0 + "\n" }, { $0 + " " }, { "\t" + $0 },
            { String($0.dropLast(4)) }, { _ in "" }, { _ in "v1=" }, { _ in "," },
            // The last character before the padding carries two bits that are not used: only zero is canonical.
            { String($0.dropLast(2)) + "B=" },
        ] as [@Sendable (String) -> String])
    func shape(change: @Sendable (String) -> String) {
        #expect(!holds(change(get.signature), get.request))
    }

    @Test(
        "changing any signed part breaks the signature",
        arguments: [
            { $0.method = "PUT" }, { $0.target += "/" }, { $0.target += "?a=1" }, { $0.body.append(0x20) },
            { $0.body.removeLast() },
            { $0.tenant = "acme-124" }, { $0.tenant = "" }, { $0.idempotencyKey = "pay_8" }, { $0.idempotencyKey = "" },
            { $0.timestamp = "2026-01-15T10:20:31Z" }, { $0.timestamp = "2026-01-15T10:20:30+00:00" },
        ] as [@Sendable (inout HMACV1.Request) -> Void])
    func changed(change: @Sendable (inout HMACV1.Request) -> Void) {
        var request = post.request
        change(&request)
        #expect(!holds(post.signature, request))
    }

    @Test func `parts do not slide into each other`() throws {
        var request = post.request
        request.tenant = "acme-123p"
        request.idempotencyKey = "ay_9"
        #expect(!holds(post.signature, request))
    }

    @Test func `no secret and a wrong secret verify nothing`() {
        #expect(!holds(get.signature, get.request, []))
        #expect(!holds(get.signature, get.request, [Secret(text: "test-hmac-secret-0123456789abcdeF"), Secret([])]))
    }

    @Test func `one signature of several is enough, wherever it stands, and one secret of several`() throws {
        let other = try HMACV1.signature(of: get.request, with: Secret(text: "old"))
        #expect(holds("\(other), \(get.signature)", get.request))
        #expect(holds("\(get.signature), \(other)", get.request))
        #expect(holds("v0=x,\(get.signature)", get.request))
        #expect(holds(get.signature, get.request, [Secret(text: "new"), file.secret]))
        #expect(!holds("\(other), \(post.signature)", get.request))
    }

    @Test func `no more than eight signatures are looked at`() throws {
        let filler = Array(repeating: try HMACV1.signature(of: get.request, with: Secret(text: "old")), count: 8)
        #expect(holds((filler.dropLast() + [get.signature]).joined(separator: ", "), get.request))
        #expect(!holds((filler + [get.signature]).joined(separator: ", "), get.request))
    }

    @Test(
        "a control character or a byte above 7E is refused, not signed",
        arguments: ["\n", "\r", "\0", "\t", "\u{7F}", "é", "a\nb"])
    func controlCharacters(value: String) {
        let secret = file.secret
        for change in [{ $0.tenant = value }, { $0.idempotencyKey = value }, { $0.timestamp = value }]
            as [(inout HMACV1.Request) -> Void]
        {
            var request = post.request
            change(&request)
            #expect(throws: CanonicalFailure.valueHoldsControlCharacter) { try HMACV1.signature(of: request, with: secret) }
            #expect(!holds(post.signature, request))
        }
        var request = post.request
        request.target = "/v1/" + value
        #expect(throws: CanonicalFailure.targetNotPercentEncoded) { try HMACV1.signature(of: request, with: secret) }
    }

    @Test("a method in another shape than upper-case letters is refused", arguments: ["", "get", "Get", "GET ", "G-T", "GÉT"])
    func methods(method: String) {
        var request = get.request
        request.method = method
        #expect(throws: CanonicalFailure.methodNotUpperCase) { try HMACV1.canonical(request) }
    }

    @Test(
        "changing any signed part of an answer breaks its signature",
        arguments: [
            { $0.status = 201 }, { $0.body.append(0x20) }, { $0.body = [] }, { $0.requestID = "req-2" }, { $0.requestID = "" },
            { $0.timestamp = "2026-01-02T03:04:06Z" }, { $0.requestID = "req-1\n" },
        ] as [@Sendable (inout HMACV1.Answer) -> Void])
    func answers(change: @Sendable (inout HMACV1.Answer) -> Void) throws {
        var answer = HMACV1.Answer(status: 200, body: [0x7B, 0x7D], requestID: "req-1", timestamp: "2026-01-02T03:04:05Z")
        let signature = try HMACV1.signature(of: answer, with: file.secret)
        #expect(HMACV1.verify(signature, of: answer, with: [file.secret]))
        change(&answer)
        #expect(!HMACV1.verify(signature, of: answer, with: [file.secret]))
    }
}
