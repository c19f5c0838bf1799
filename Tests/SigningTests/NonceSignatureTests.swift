import AdapterKit
import Foundation
import Signing
import Testing

/// Vectors/upi-facade.json: protocols/npci-upi.md, 6, and what Python's cryptography makes of the same keys.
@Suite struct NonceSignatureTests {
    private let vectors: JSON
    private let message: NonceSignature.Message
    private let secret: Secret

    init() throws {
        let file = try #require(Bundle.module.resourceURL).appending(path: "Vectors/upi-facade.json")
        vectors = try JSON(parsing: Array(try Data(contentsOf: file)))
        message = NonceSignature.Message(
            method: "POST", path: "/v1/initiateTransaction", timestamp: "2026-01-01T00:00:00Z", nonce: "n-7f3a9c1e5b2d4860",
            body: Array(try #require(vectors["body"]?.text).utf8))
        secret = Secret(text: try #require(vectors["hmac_key"]?.text))
    }

    private func text(_ name: String) throws -> String { try #require(vectors[name]?.text) }

    private func key(_ name: String, _ form: NonceSigned.Payload.Form = .raw) throws -> NonceSigned.Payload {
        NonceSigned.Payload(key: Secret(text: try text(name)), form: form)
    }

    private func signatures(_ name: String) throws -> [JSON.Member] {
        let members = try #require(vectors[name]?.members)
        try #require(!members.isEmpty)
        return members
    }

    /// The message with one part changed, each in a way of its own.
    private var changed: [NonceSignature.Message] {
        let changes: [(inout NonceSignature.Message) -> Void] = [
            { $0.method = "PUT" }, { $0.method = "post" }, { $0.method = "" }, { $0.path = "/v1/statusInquiry" },
            { $0.path += "/" }, { $0.path += "?a=1" }, { $0.path = "//v1/initiateTransaction" }, { $0.path = "" },
            { $0.timestamp = "2026-01-01T00:00:01Z" }, { $0.timestamp = "2026-01-01T00:00:00z" }, { $0.timestamp = "" },
            { $0.nonce = "n-7f3a9c1e5b2d4861" }, { $0.nonce = "N-7f3a9c1e5b2d4860" }, { $0.nonce = "" }, { $0.body = [] },
            { $0.body.append(0x0A) }, { $0.body[0] ^= 1 }, { $0.body.removeLast() },
            // A line moved over a border: the same lines, another message.
            { ($0.method, $0.path) = ("POST\n/v1/initiateTransaction", "2026-01-01T00:00:00Z") },
        ]
        return changes.map { change in
            var message = message
            change(&message)
            return message
        }
    }

    // MARK: Shared key

    @Test func `what is signed is the fact sheet's canonical text`() throws {
        #expect(String(decoding: message.canonical, as: UTF8.self) == (try text("canonical")))
    }

    @Test func `the vector has its code, and holds with it`() throws {
        #expect(NonceSignature.code(of: message, with: secret) == (try text("hmac")))
        #expect(NonceSignature.verify(try text("hmac"), of: message, with: [secret]))
        #expect(NonceSignature.verify(try text("hmac"), of: message, with: [Secret(text: "old"), secret]))
    }

    @Test func `a code holds for no other message`() throws {
        for other in changed { #expect(!NonceSignature.verify(try text("hmac"), of: other, with: [secret])) }
    }

    @Test func `no other secret gives it, and none gives nothing`() throws {
        for other in ["upi-hmac-secreu", "upi-hmac-secret\n", "UPI-HMAC-SECRET", "upi", ""] {
            #expect(!NonceSignature.verify(try text("hmac"), of: message, with: [Secret(text: other)]))
        }
        #expect(!NonceSignature.verify(try text("hmac"), of: message, with: []))
        #expect(!NonceSignature.verify("", of: message, with: []))
    }

    @Test(
        "a code that is not exactly so written does not hold",
        arguments: [
            { _ in "" }, { String($0.dropLast()) }, { $0 + "=" }, { $0 + "\n" }, { " " + $0 }, { $0.lowercased() },
            { "v1=" + $0 }, { String($0.dropLast(4)) }, { $0 + "," + $0 },
            { $0.replacing("+", with: "-").replacing("/", with: "_") },
            // The last character before the padding carries two bits that are not used: only zero is canonical.
            { String($0.dropLast(2)) + "h=" },
        ] as [@Sendable (String) -> String])
    func written(change: @Sendable (String) -> String) throws {
        #expect(!NonceSignature.verify(change(try text("hmac")), of: message, with: [secret]))
    }

    // MARK: Own key

    @Test("the signatures of the vectors hold, with a high s and a low one", arguments: NonceSigned.Payload.Form.allCases)
    func verifies(form: NonceSigned.Payload.Form) throws {
        for signature in try signatures(form.rawValue) {
            #expect(
                NonceSignature.verifyPayload(try #require(signature.value.text), of: message, try key("public_pem", form)),
                "\(signature.name)")
        }
    }

    @Test("what is no signature of the message does not hold", arguments: NonceSigned.Payload.Form.allCases)
    func refuses(form: NonceSigned.Payload.Form) throws {
        for signature in try signatures(form.rawValue + "_bad") {
            #expect(
                !NonceSignature.verifyPayload(try #require(signature.value.text), of: message, try key("public_pem", form)),
                "\(signature.name)")
        }
    }

    @Test("a signature holds in its own form alone", arguments: NonceSigned.Payload.Form.allCases)
    func otherForm(form: NonceSigned.Payload.Form) throws {
        let other: NonceSigned.Payload.Form = form == .raw ? .der : .raw
        for signature in try signatures(other.rawValue) {
            #expect(!NonceSignature.verifyPayload(try #require(signature.value.text), of: message, try key("public_pem", form)))
        }
    }

    @Test("a signature holds for no other message", arguments: NonceSigned.Payload.Form.allCases)
    func otherMessage(form: NonceSigned.Payload.Form) throws {
        let signature = try #require(try signatures(form.rawValue).first?.value.text)
        for other in changed { #expect(!NonceSignature.verifyPayload(signature, of: other, try key("public_pem", form))) }
    }

    @Test(
        "nothing holds under another key, nor under what is no public key",
        arguments: ["other_public_pem", "p384_public_pem", "rsa_public_pem", "private_pem", "hmac"])
    func otherKey(name: String) throws {
        #expect(!NonceSignature.verifyPayload(try #require(try signatures("raw").first?.value.text), of: message, try key(name)))
    }

    @Test func `a signature that is not exactly so written does not hold`() throws {
        let raw = try #require(try signatures("raw").first?.value.text)
        for text in [
            "", String(raw.dropLast()), raw + "=", raw + "\n", " " + raw, raw.replacing("+", with: "-").replacing("/", with: "_"),
            String(raw.dropLast(2)), String(raw.dropLast(3)) + "R==",
        ] {
            #expect(!NonceSignature.verifyPayload(text, of: message, try key("public_pem")))
        }
    }

    @Test("what we sign holds under our public key, in its form alone", arguments: NonceSigned.Payload.Form.allCases)
    func signs(form: NonceSigned.Payload.Form) throws {
        for name in ["private_pem", "private_sec1_pem"] {
            let signature = try #require(NonceSignature.payloadSignature(of: message, try key(name, form)))
            #expect(NonceSignature.verifyPayload(signature, of: message, try key("public_pem", form)))
            #expect(!NonceSignature.verifyPayload(signature, of: message, try key("other_public_pem", form)))
            let other: NonceSigned.Payload.Form = form == .raw ? .der : .raw
            #expect(!NonceSignature.verifyPayload(signature, of: message, try key("public_pem", other)))
            for other in changed { #expect(!NonceSignature.verifyPayload(signature, of: other, try key("public_pem", form))) }
        }
    }

    @Test func `only a P-256 private key signs`() throws {
        for name in ["private_pem", "private_sec1_pem"] { #expect(NonceSignature.isPrivateKey(Secret(text: try text(name)))) }
        for name in ["public_pem", "rsa_private_pem", "p384_public_pem", "hmac"] {
            #expect(!NonceSignature.isPrivateKey(Secret(text: try text(name))))
            #expect(NonceSignature.payloadSignature(of: message, try key(name)) == nil)
        }
        #expect(!NonceSignature.isPrivateKey(Secret([0xFF])))
        #expect(!NonceSignature.isPrivateKey(Secret([])))
    }

    @Test func `only a P-256 public key verifies`() throws {
        for name in ["public_pem", "other_public_pem"] { #expect(NonceSignature.isPublicKey(Secret(text: try text(name)))) }
        for name in ["private_pem", "private_sec1_pem", "p384_public_pem", "rsa_public_pem", "hmac"] {
            #expect(!NonceSignature.isPublicKey(Secret(text: try text(name))))
        }
        #expect(!NonceSignature.isPublicKey(Secret([0xFF])))
    }

    // MARK: Nonces

    @Test(
        "a nonce has 16 to 64 letters, digits, dots, underscores and hyphens",
        arguments: ["n-7f3a9c1e5b2d4860", "0123456789abcdef", "AZaz09._-AZaz09._-", String(repeating: "n", count: 64)])
    func nonce(text: String) { #expect(NonceSignature.isNonce(text)) }

    @Test(
        "anything else is none",
        arguments: [
            "", "123456789012345", String(repeating: "n", count: 65), "0123456789abcde\n", "0123456789abcde ", "0123456789abcde/",
            "0123456789abcde+", "0123456789abcde=", "0123456789abcde:", "0123456789abcdé", "0123456789abcde\u{0}",
            "0123456789abcde@", "0123456789abcde[", "0123456789abcde`", "0123456789abcde{",
        ])
    func noNonce(text: String) { #expect(!NonceSignature.isNonce(text)) }
}
