import AdapterKit
import Foundation
import Signing
import Testing

/// Names the file.
private let signedMessages = ProcessInfo.processInfo.environment["SIGNED_MESSAGES"]

/// Messages that the library of Standard Webhooks signed just now, with what it says of each itself. Tests/contract/webhooks_test.py
/// writes them and demands the line at the end; without it there is nothing to judge.
@Suite("Standard Webhooks of another implementation", .enabled(if: signedMessages != nil))
struct ForeignMessageTests {
    private struct Message: Decodable {
        let secret: String, id: String, timestamp: String, body: String, signature: String
        let holds: Bool
    }

    private struct Messages: Decodable {
        let messages: [Message]
    }

    @Test func `our verifier says of each what the library says`() throws {
        let url = URL(filePath: try #require(signedMessages))
        let messages = try JSONDecoder().decode(Messages.self, from: try Data(contentsOf: url)).messages
        var holding = 0
        for message in messages {
            let secret = try #require(StandardWebhooks.secret(Secret(text: message.secret)))
            let holds = StandardWebhooks.verify(
                message.signature, id: message.id, timestamp: message.timestamp, body: Array(message.body.utf8), with: [secret])
            #expect(holds == message.holds, "\(message)")
            holding += holds ? 1 : 0
        }
        print("judged \(messages.count) messages, \(holding) hold")
    }
}
