package import AdapterKit
import FoundationEssentials
import Signing

/// Judges a delivery by itself: network, certificate, signature, time, in this order (contract/callbacks.md, 1 to 3). Whether it
/// came before is for the store.
package struct CallbackVerifier {
    private let delivery: CallbackDelivery
    private let policy: CallbackPolicy
    private let now: Timestamp

    package static func judge(
        _ delivery: CallbackDelivery, under policy: CallbackPolicy, at now: Timestamp
    ) -> CallbackVerdict {
        do {
            return try CallbackVerifier(delivery: delivery, policy: policy, now: now).verdict()
        } catch {
            return .refused(error)
        }
    }

    private func verdict() throws(CallbackRefusal) -> CallbackVerdict {
        try demandNetwork()
        try demandCertificate()
        let proof = try proof()
        try demandTime(of: proof)
        let (target, headers, body) = (delivery.target, delivery.headers, delivery.body)
        guard !policy.isHint else { return .hint(UnprovenCallback(target: target, headers: headers, body: body)) }
        return .verified(
            VerifiedCallback(target: target, headers: headers, body: body, eventID: proof.eventID), nonce: proof.nonce)
    }

    private func demandNetwork() throws(CallbackRefusal) {
        guard !policy.allowedNetworks.isEmpty else { return }
        guard let source = delivery.source, policy.allowedNetworks.contains(where: { $0.contains(source) }) else {
            throw .sourceNotAllowed
        }
    }

    /// Byte by byte: texts that Unicode holds for the same are other subjects.
    private func demandCertificate() throws(CallbackRefusal) {
        guard let wanted = policy.certificateSubject else { return }
        guard let subject = delivery.certificateSubject else { throw .certificateMissing }
        guard subject.utf8.elementsEqual(wanted.utf8) else { throw .certificateOfAnother }
    }

    private func proof() throws(CallbackRefusal) -> CallbackProof {
        switch policy.scheme {
        case .hmacV1(let keys): return try CallbackProof(hmacV1: delivery, keys: keys, at: now)
        case .standardWebhooks(let secrets): return try CallbackProof(standardWebhooks: delivery, secrets: secrets)
        case .timestamped(let header, let secrets):
            return try CallbackProof(timestamped: delivery, header: header, secrets: secrets)
        case .nonceSigned(let scheme): return try CallbackProof(nonceSigned: delivery, scheme: scheme, at: now)
        case .unsigned:
            // The certificate that would prove it has been looked at.
            guard policy.canProve || policy.isHint else { throw .badSignature }
            return CallbackProof()
        }
    }

    private func demandTime(of proof: CallbackProof) throws(CallbackRefusal) {
        guard let signedAt = proof.signedAt else { return }
        guard TimestampWindow(tolerance: policy.tolerance).contains(signedAt, at: now) else { throw .outsideWindow }
    }
}

extension VerifiedCallback {
    /// One that was verified and could not be read: it was kept encrypted since, so it is still what was verified. `nil` where no
    /// key opens it.
    init?(kept callback: KeptCallback, _ vault: Vault) {
        guard let plain = try? vault.open(callback.sealed, for: callback.id.text),
            let raw = try? JSONDecoder().decode(RawCallback.self, from: Data(plain))
        else { return nil }
        let fields = raw.headers.filter { $0.count == 2 }.map { ($0[0], $0[1]) }
        self.init(target: raw.target, headers: Headers(fields), body: Array(raw.body), eventID: raw.eventID)
    }
}
