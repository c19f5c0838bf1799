public import AdapterKit
import Signing

/// UPI behind a REST facade (protocols/npci-upi.md, 1B and on). A push is taken and approved by callback, a collect request once the
/// payer has acted. A charge that stays pending and whose note says `deemed` is told as DEEMED.
struct NPCIUPIFace: Face {
    private let gate: FacadeGate
    private let names: NonceSigned.Names
    private let organisation: String
    private let payload: NonceSigned.Payload
    private let book = TransactionBook()

    init(client: NonceSigned, organisation: String, payload: NonceSigned.Payload) {
        gate = FacadeGate(client: client)
        names = client.names
        self.organisation = organisation
        self.payload = payload
    }

    func declineCode(for category: FailureCategory) -> String { FacadeCode.decline(category) }

    func acknowledges(_ status: Int) -> Bool { status == 200 }

    func reset() {
        gate.reset()
        book.reset()
    }
}

// MARK: - Requests

extension NPCIUPIFace {
    func read(_ request: CollectedRequest, in books: Books, at now: Timestamp) -> Reading {
        let path = request.method == "POST" ? FacadeCall.Path(rawValue: String(request.path)) : nil
        if case .refused(let status, let code) = gate.judge(request, at: now) {
            return Reading(operation: path?.operation, content: .unproved(.facade(status, code: code)))
        }
        guard let path else { return Reading(operation: nil, content: .refused(.facade(404, code: "UNKNOWN_PATH"))) }
        do throws(Malformed) {
            return .asked(asked(try FacadeCall(path, request.body, book)))
        } catch {
            return Reading(operation: path.operation, content: .refused(.facade(400, code: error.code)))
        }
    }

    private func asked(_ facade: FacadeCall) -> Asked {
        var address: String?
        if case .accountValidation(let value) = facade.call { address = value }
        return Asked(
            call: facade.call, usual: .callback(facade.isCollect ? .afterAction : .onTime),
            writer: FacadeWriter(transaction: facade.transaction ?? "", address: address, book: book))
    }
}

extension FacadeCall.Path {
    /// As what is counted that cannot be read.
    fileprivate var operation: BankOperation {
        switch self {
        case .initiate: .charge
        case .inquiry: .inquiry
        case .validation: .accountValidation
        }
    }
}

// MARK: - Callbacks

extension NPCIUPIFace {
    func callback(telling told: [Occurrence], _ seal: Seal) -> CallbackPost? {
        guard let occurrence = told.first, let key = seal.key,
            let transaction = book.transaction(of: occurrence.reference)
        else { return nil }
        let body = Self.body(of: occurrence, transaction).encoded()
        let message = NonceSignature.Message(
            method: "POST", path: String(seal.target.prefix { $0 != "?" }), timestamp: seal.timestamp.rfc3339WholeSeconds,
            nonce: seal.nonce, body: body)
        guard let own = NonceSignature.payloadSignature(of: message, payload) else { return nil }
        return CallbackPost(
            target: seal.target,
            headers: [
                ("Content-Type", "application/json"), (names.sender, organisation), (names.timestamp, message.timestamp),
                (names.nonce, seal.nonce), (names.keyID, key.id),
                (names.signature, NonceSignature.code(of: message, with: key.secret)), (names.payloadSignature, own),
            ], body: body)
    }

    /// What is still open is told as deemed: the facade calls back with ends alone.
    private static func body(of occurrence: Occurrence, _ transaction: String) -> JSON {
        guard let refund = occurrence.refund else {
            return FacadeMessage.end(of: occurrence.charge, transaction)
                ?? FacadeMessage.deemed(transaction, occurrence.charge.serial)
        }
        return FacadeMessage.end(of: refund, transaction) ?? FacadeMessage.deemed(transaction, refund.serial)
    }
}

extension GatewayFace {
    /// protocols/npci-upi.md.
    /// - Parameters:
    ///   - client: whom it lets in: the names of headers in both directions, the client's id, the shared keys that requests may be
    ///     signed with, and the client's public key.
    ///   - organisation: the facade's own id, in callbacks.
    ///   - payload: the facade's private key, which signs callbacks too.
    /// - Throws: for a key that is not a P-256 key in PEM.
    public static func npciUPI(
        client: NonceSigned, organisation: String, payload: NonceSigned.Payload
    ) throws(UnusablePayloadKey) -> GatewayFace {
        guard client.payload.map({ NonceSignature.isPublicKey($0.key) }) ?? true else { throw .client }
        guard NonceSignature.isPrivateKey(payload.key) else { throw .own }
        return GatewayFace(face: NPCIUPIFace(client: client, organisation: organisation, payload: payload))
    }
}

/// Whose key a facade cannot use.
public enum UnusablePayloadKey: Error, Sendable {
    case client, own
}

extension NonceSigned.Names {
    /// What the fact sheet proposes.
    public static let proposed = NonceSigned.Names(
        sender: "X-UPI-Org-Id", timestamp: "X-UPI-Timestamp", nonce: "X-UPI-Nonce", keyID: "X-UPI-Key-Id",
        signature: "X-UPI-Signature", payloadSignature: "X-UPI-Payload-Signature")
}
