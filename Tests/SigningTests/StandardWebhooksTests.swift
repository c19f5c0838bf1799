import AdapterKit
import Foundation
import Signing
import Testing

/// Vectors/standard-webhooks.json, made with the specification's own Python library: what it signs, and what receivers get wrong.
@Suite("Standard Webhooks") struct StandardWebhooksTests {
    struct Message: Sendable {
        let name: String, secret: String, id: String, timestamp: String, signature: String
        let body: [UInt8]

        init(_ json: JSON, headers: JSON) throws {
            name = try #require(json["name"]?.text)
            secret = try #require(json["secret"]?.text)
            body = Array(try #require(json["body"]?.text).utf8)
            id = headers["webhook-id"]?.text ?? ""
            timestamp = try #require(headers["webhook-timestamp"]?.text)
            signature = try #require(headers["webhook-signature"]?.text)
        }

        /// As a receiver of these headers judges, at the moment at which the library's clock was frozen.
        var isTaken: Bool {
            get throws {
                guard let time = StandardWebhooks.timestamp(timestamp) else { return false }
                return try TimestampWindow().contains(time, at: Timestamp(seconds: 1_767_225_600)) && holds()
            }
        }

        func holds(
            _ header: String? = nil, id: String? = nil, timestamp: String? = nil, body: [UInt8]? = nil, secrets: [Secret]? = nil
        ) throws -> Bool {
            StandardWebhooks.verify(
                header ?? signature, id: id ?? self.id, timestamp: timestamp ?? self.timestamp, body: body ?? self.body,
                with: try secrets ?? [key()])
        }

        func key() throws -> Secret { try #require(StandardWebhooks.secret(Secret(text: secret))) }
    }

    private let signed: [Message]
    private let received: [Message]

    init() throws {
        let file = try #require(Bundle.module.resourceURL).appending(path: "Vectors/standard-webhooks.json")
        let json = try JSON(parsing: Array(try Data(contentsOf: file)))
        signed = try #require(json["v1"]?.elements).map { try Message($0, headers: $0) }
        received = try #require(json["negative"]?.elements).map { try Message($0, headers: try #require($0["headers"])) }
    }

    // MARK: Signing

    @Test func `every vector has its signature, and no other one's`() throws {
        #expect(signed.count == 6)
        for message in signed {
            let made = StandardWebhooks.signature(
                id: message.id, timestamp: message.timestamp, body: message.body, secrets: [try message.key()])
            #expect(made == message.signature, "\(message.name)")
            for other in signed {
                #expect(try message.holds(other.signature) == (other.name == message.name), "\(message.name), \(other.name)")
            }
        }
    }

    @Test func `a message signed with two secrets lists both signatures and holds with either`() throws {
        let (old, new) = (signed[1], signed[2])
        let header = StandardWebhooks.signature(
            id: new.id, timestamp: new.timestamp, body: new.body, secrets: [try new.key(), try old.key()])
        #expect(header == new.signature + " " + old.signature)
        #expect(try new.holds(header))
        #expect(try old.holds(header))
        #expect(try old.holds(new.signature, secrets: [old.key(), new.key()]))
        #expect(try !signed[5].holds(header, id: new.id, timestamp: new.timestamp, body: new.body))
    }

    @Test func `no secret signs nothing and holds nothing`() throws {
        let message = signed[1]
        #expect(StandardWebhooks.signature(id: "a", timestamp: "1", body: [], secrets: []).isEmpty)
        #expect(try !message.holds(secrets: []))
        #expect(try !message.holds(""))
    }

    // MARK: Verifying

    @Test func `of what the library was shown, this is taken and all else refused`() throws {
        let taken: Set = [
            "good", "good behind another secret's signature", "v1a and v2 entries before the good one are skipped",
            "two blanks between entries", "signed -300 s", "signed +300 s",
        ]
        #expect(received.count == 17)
        for message in received { #expect(try message.isTaken == taken.contains(message.name), "\(message.name)") }
    }

    @Test func `what was signed too early or late holds, and only the window refuses it`() throws {
        for name in ["signed -301 s", "signed +301 s"] {
            #expect(try #require(received.first { $0.name == name }).holds())
        }
    }

    @Test(
        "an entry that is not exactly as v1 writes it does not hold",
        arguments: [
            { String($0.dropFirst(3)) }, { "V1" + $0.dropFirst(2) }, { "v1a" + $0.dropFirst(2) }, { "v1=" + $0.dropFirst(3) },
            { "v1," + $0 }, { "," + $0 }, { $0 + "," }, { $0 + ",v1,AAAA" }, { "v1, " + $0.dropFirst(3) }, { $0 + "\n" },
            { "\t" + $0 }, { String($0.dropLast()) }, { $0 + "=" }, { String($0.dropLast(4)) }, { _ in "v1," }, { _ in "v1" },
            { _ in "," }, { _ in " " }, { $0.replacing(" ", with: "").replacing("+", with: "-").replacing("/", with: "_") },
            // The last character before the padding carries two bits that are not used: only zero is canonical.
            { String($0.dropLast(2)) + "N=" },
        ] as [@Sendable (String) -> String])
    func shape(change: @Sendable (String) -> String) throws {
        #expect(try !signed[1].holds(change(signed[1].signature)))
    }

    @Test func `only so many entries of a header are looked at`() throws {
        let message = signed[1]
        func behind(_ count: Int) -> String { String(repeating: "v2,AAAA ", count: count) + message.signature }
        #expect(try message.holds(behind(15)))
        #expect(try !message.holds(behind(16)))
        #expect(try message.holds(message.signature + String(repeating: " v1,AAAA", count: 10_000)))
    }

    @Test func `changing any signed part breaks the signature`() throws {
        let message = signed[1]
        #expect(try message.holds())
        #expect(try !message.holds(id: "msg_01J8Qz"))
        #expect(try !message.holds(timestamp: "1767225601"))
        #expect(try !message.holds(body: message.body + [0x20]))
        #expect(try !message.holds(body: []))
    }

    @Test func `a body that is no text is signed as the bytes it is`() throws {
        let key = try signed[1].key()
        let header = StandardWebhooks.signature(id: "a", timestamp: "1", body: [0xFF, 0x00], secrets: [key])
        #expect(StandardWebhooks.verify(header, id: "a", timestamp: "1", body: [0xFF, 0x00], with: [key]))
        #expect(!StandardWebhooks.verify(header, id: "a", timestamp: "1", body: [0xEF, 0xBF, 0xBD, 0x00], with: [key]))
    }

    @Test func `a dot that moves from one part into the next changes no signed byte and is refused`() throws {
        let key = try signed[1].key()
        let header = StandardWebhooks.signature(id: "a", timestamp: "1767225600", body: Array("5.x".utf8), secrets: [key])
        #expect(StandardWebhooks.verify(header, id: "a", timestamp: "1767225600", body: Array("5.x".utf8), with: [key]))
        for (id, timestamp, body) in [("a.1767225600", "5", "x"), ("a", "1767225600.5", "x")] {
            #expect(header == StandardWebhooks.signature(id: id, timestamp: timestamp, body: Array(body.utf8), secrets: [key]))
            #expect(!StandardWebhooks.verify(header, id: id, timestamp: timestamp, body: Array(body.utf8), with: [key]))
        }
    }

    @Test func `a message without an id is refused, though signed so`() throws {
        let key = try signed[1].key()
        let header = StandardWebhooks.signature(id: "", timestamp: "1", body: [], secrets: [key])
        #expect(!StandardWebhooks.verify(header, id: "", timestamp: "1", body: [], with: [key]))
    }

    // MARK: Secrets

    @Test(
        "a secret is base64 behind its prefix, with padding or without",
        arguments: [
            ("whsec_Zg==", [0x66]), ("whsec_Zg", [0x66]), ("whsec_Zm8", [0x66, 0x6F]), ("whsec_Zm9v", [0x66, 0x6F, 0x6F]),
            ("whsec_+/8", [0xFB, 0xFF]),
        ] as [(String, [UInt8])])
    func secret(text: String, bytes: [UInt8]) {
        #expect(StandardWebhooks.secret(Secret(text: text)) == Secret(bytes))
    }

    @Test(
        "what is no secret of this scheme is refused",
        arguments: [
            "", "whsec_", "whsec_=", "whsec_====", "Zm9v", "WHSEC_Zm9v", "whsec-Zm9v", " whsec_Zm9v", "whsec_Zm9v\n",
            "whsec_Zm 9v",
            "whsec_Z", "whsec_Zm9vY", "whsec_Zg=", "whsec_Zg===", "whsec_Zh", "whsec_-_8", "whsec_é===", "whsec_whsec_Zm9v",
            "whpk_qYsF+TJ4Siw50EBzlihzwFkQ2ELXQA/vqRBpFeFhIVk=", "whsk_Zm9v",
        ])
    func refusedSecret(text: String) {
        #expect(StandardWebhooks.secret(Secret(text: text)) == nil)
    }

    @Test func `a secret that is no text is refused`() {
        #expect(StandardWebhooks.secret(Secret(Array("whsec_".utf8) + [0xFF])) == nil)
    }

    // MARK: Time-stamps

    @Test(
        "a time-stamp is read as whole seconds",
        arguments: [("0", 0), ("1", 1), ("1767225600", 1_767_225_600), ("999999999999", 999_999_999_999)] as [(String, Int64)])
    func timestamp(text: String, seconds: Int64) {
        #expect(StandardWebhooks.timestamp(text) == Timestamp(seconds: seconds))
    }

    @Test(
        "what is not exactly a time-stamp is refused",
        arguments: [
            "", "soon", "1767225600.9", "1767225600.0", "01767225600", "00", "-1", "+1767225600", "-0", " 1767225600",
            "1767225600 ",
            "1767225600\n", "1_767", "1e9", "0x10", "1000000000000", "9223372036854775808", "１７", "2026-01-01T00:00:00Z",
        ])
    func refusedTimestamp(text: String) {
        #expect(StandardWebhooks.timestamp(text) == nil)
    }
}
