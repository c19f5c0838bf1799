import AdapterKit
import Signing
import Synchronization

/// Judges whether a request comes from the one client of this facade, and for the first time (protocols/npci-upi.md, 1B and 5).
final class FacadeGate: Sendable {
    enum Verdict: Equatable {
        case known
        case refused(status: Int, code: String)
    }

    private let client: NonceSigned
    private let keys: KeyRing
    private let window = TimestampWindow()
    private let nonces = Mutex(NonceMemory())

    /// - Parameter client: our names, and keys that verify: the shared ones and the client's public one.
    init(client: NonceSigned) {
        self.client = client
        keys = KeyRing(client.keys)
    }

    func judge(_ request: CollectedRequest, at now: Timestamp) -> Verdict {
        let names = client.names
        guard request.only(names.sender) == client.sender, let time = request.only(names.timestamp),
            let nonce = request.only(names.nonce), let keyID = request.only(names.keyID),
            let code = request.only(names.signature), NonceSignature.isNonce(nonce)
        else { return .refused(status: 401, code: "U17") }
        let message = NonceSignature.Message(
            method: request.method, path: String(request.path), timestamp: time, nonce: nonce, body: request.body)
        let secrets = keys.verifying(id: keyID, at: now).map(\.secret)
        guard !secrets.isEmpty, NonceSignature.verify(code, of: message, with: secrets), hasPayloadSignature(request, message)
        else { return .refused(status: 401, code: "U15") }
        guard let sent = Timestamp(wholeSecondsRFC3339: time), window.contains(sent, at: now) else {
            return .refused(status: 401, code: "U14")
        }
        // Remembered last, so that nobody else can burn a nonce.
        guard nonces.withLock({ $0.take(nonce, at: now) }) else { return .refused(status: 409, code: "NONCE") }
        return .known
    }

    private func hasPayloadSignature(_ request: CollectedRequest, _ message: NonceSignature.Message) -> Bool {
        guard let payload = client.payload else { return true }
        return request.only(client.names.payloadSignature)
            .map { NonceSignature.verifyPayload($0, of: message, payload) } ?? false
    }

    func reset() { nonces.withLock { $0 = NonceMemory() } }
}

/// Nonces that were seen, for twice the window.
private struct NonceMemory {
    private static let kept = Duration.seconds(600)
    private static let maximum = 1_000_000

    private var seen: [String: Timestamp] = [:]

    /// - Returns: whether it is new. A memory that is full of nonces that still count takes none.
    mutating func take(_ nonce: String, at now: Timestamp) -> Bool {
        if seen.count >= Self.maximum { seen = seen.filter { now < $0.value } }
        if let end = seen[nonce], now < end { return false }
        guard seen.count < Self.maximum else { return false }
        seen[nonce] = now + Self.kept
        return true
    }
}
