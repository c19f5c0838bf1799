import AdapterKit
import Foundation
import Signing
import Testing

/// Vectors/stripe.json, made with Stripe's own Python library, and what its receivers get wrong (protocols/stripe.md, 5 and 6).
@Suite("Time-stamped HMAC") struct TimestampedHMACTests {
    struct Message: Sendable {
        let secret: Secret, timestamp: String, header: String
        let body: [UInt8]

        init(_ json: JSON) throws {
            secret = Secret(text: try #require(json["secret"]?.text))
            timestamp = String(try #require(json["t"]?.integer))
            header = try #require(json["header"]?.text)
            body = Array(try #require(json["body"]?.text).utf8)
        }

        func time(_ header: String? = nil, body: [UInt8]? = nil, secrets: [Secret]? = nil) -> Timestamp? {
            TimestampedHMAC.verified(header ?? self.header, body: body ?? self.body, with: secrets ?? [secret])
        }

        /// `v1=` and the signature.
        var signature: Substring { header.split(separator: ",")[1] }
    }

    private let messages: [Message]
    private let now = Timestamp(seconds: 1_767_225_600)

    init() throws {
        let file = try #require(Bundle.module.resourceURL).appending(path: "Vectors/stripe.json")
        let json = try JSON(parsing: Array(try Data(contentsOf: file)))
        messages = try #require(json["stripe"]?.elements).map(Message.init)
        try #require(messages.count == 2)
    }

    // MARK: Signing

    @Test func `every vector has its header, and no other one's`() {
        for message in messages {
            let made = TimestampedHMAC.header(timestamp: message.timestamp, body: message.body, secrets: [message.secret])
            #expect(made == message.header)
            #expect(message.time() == now)
        }
        #expect(messages[0].time(messages[1].header) == nil)
        #expect(messages[1].time(messages[0].header) == nil)
    }

    @Test func `a message signed with two secrets lists both signatures and holds with either`() {
        let (message, rolled) = (messages[0], Secret(text: "whsec_new"))
        let header = TimestampedHMAC.header(timestamp: message.timestamp, body: message.body, secrets: [rolled, message.secret])
        #expect(header.hasSuffix(",\(message.signature)"))
        #expect(message.time(header) == now)
        #expect(message.time(header, secrets: [rolled]) == now)
        #expect(message.time(secrets: [rolled, message.secret]) == now)
        #expect(message.time(secrets: [rolled]) == nil)
        #expect(message.time(header, secrets: []) == nil)
    }

    @Test func `a secret is the text it is, with its prefix`() {
        #expect(messages[0].time(secrets: [Secret(text: "test_secret")]) == nil)
        #expect(messages[0].time(secrets: [Secret(text: "whsec_test_secret ")]) == nil)
    }

    // MARK: Verifying

    @Test func `the good signature holds behind a wrong one, and among other schemes`() {
        let message = messages[0]
        let wrong = "v1=" + String(repeating: "0", count: 64)
        for header in [
            "t=\(message.timestamp),\(wrong),\(message.signature)", "\(message.signature),t=\(message.timestamp)",
            "t=\(message.timestamp),\(message.signature),v0=abc", "t=\(message.timestamp),v0=6ffbb59b,\(message.signature)",
            "t=\(message.timestamp),\(message.signature),,x", "t=\(message.timestamp),v1=,\(message.signature)",
        ] {
            #expect(message.time(header) == now, "\(header)")
        }
    }

    @Test(
        "a header that is not exactly as the scheme writes it does not hold",
        arguments: [
            { _, _ in "" }, { time, _ in "t=\(time)" }, { _, code in code }, { time, code in "t=\(time);\(code)" },
            { time, code in "t=\(time),v0\(code.dropFirst(2))" }, { time, code in "t=\(time),V1\(code.dropFirst(2))" },
            { time, code in "T=\(time),\(code)" }, { time, code in "t=\(time), \(code)" }, { time, code in " t=\(time),\(code)" },
            { time, code in "t=\(time),\(code.uppercased())" },
            { time, code in "t=\(time),v1=\(code.dropFirst(3).uppercased())" },
            { time, code in "t=\(time),\(code.dropLast())" }, { time, code in "t=\(time),\(code.dropLast(2))" },
            { time, code in "t=\(time),\(code)00" }, { time, code in "t=\(time),v1=" }, { time, code in "t=\(time),v1" },
            { time, code in "t=\(time),v1==\(code.dropFirst(3))" }, { _, code in "t=,\(code)" }, { _, code in "t=now,\(code)" },
            { time, code in "t=0\(time),\(code)" }, { time, code in "t=+\(time),\(code)" },
            { time, code in "t=\(time).0,\(code)" },
            { time, code in "t=\(time),t=\(time),\(code)" }, { time, code in "t=\(time),t=1,\(code)" },
        ] as [@Sendable (String, String) -> String])
    func shape(write: @Sendable (String, String) -> String) {
        let message = messages[0]
        #expect(message.time(write(message.timestamp, String(message.signature))) == nil)
    }

    @Test func `changing any bit of the body breaks the signature`() {
        let message = messages[1]
        for index in message.body.indices {
            for bit in 0..<8 {
                var body = message.body
                body[index] ^= 1 << bit
                #expect(message.time(body: body) == nil)
            }
        }
        #expect(message.time(body: message.body + [0x0A]) == nil)
        #expect(message.time(body: []) == nil)
    }

    @Test func `changing the time breaks the signature`() {
        let message = messages[0]
        for time in ["1767225601", "1767225599", "1", "0"] {
            #expect(message.time("t=\(time),\(message.signature)") == nil)
        }
    }

    @Test func `what was signed too early or too late holds, and only the window refuses it`() throws {
        let message = messages[0]
        for (offset, isTaken) in [(-301, false), (-300, true), (300, true), (301, false)] as [(Int64, Bool)] {
            let time = Timestamp(seconds: now.seconds + offset)
            let header = TimestampedHMAC.header(timestamp: String(time.seconds), body: message.body, secrets: [message.secret])
            #expect(try #require(message.time(header)) == time)
            #expect(TimestampWindow().contains(time, at: now) == isTaken)
        }
    }

    @Test func `a dot that moves from the body into the time changes no signed byte and is refused`() {
        let secret = messages[0].secret
        let header = TimestampedHMAC.header(timestamp: "1", body: Array("5.x".utf8), secrets: [secret])
        let moved = TimestampedHMAC.header(timestamp: "1.5", body: Array("x".utf8), secrets: [secret])
        #expect(header.dropFirst(4) == moved.dropFirst(6))
        #expect(TimestampedHMAC.verified(header, body: Array("5.x".utf8), with: [secret]) == Timestamp(seconds: 1))
        #expect(TimestampedHMAC.verified(moved, body: Array("x".utf8), with: [secret]) == nil)
    }

    @Test func `only so many elements of a header are looked at`() {
        let message = messages[0]
        func behind(_ count: Int) -> String {
            "t=\(message.timestamp)," + String(repeating: "v0=a,", count: count) + message.signature
        }
        #expect(message.time(behind(14)) == now)
        #expect(message.time(behind(15)) == nil)
        #expect(message.time(message.header + String(repeating: ",v1=00", count: 10_000)) == now)
    }
}
