import AdapterKit
import Payments

/// Where an issuer's keys are read.
struct KeySetSource: Sendable {
    private static let connectTimeout = Duration.seconds(1)
    private static let attemptTimeout = Duration.seconds(3)

    let place: Configuration.JWT.KeySource
    /// To which addresses the name of a URL may lead.
    let addresses: AddressPolicy
    let transport: any EgressTransport

    /// - Throws: `unreadable` also for any answer but 200: a redirect is not followed.
    func read() async throws(JSONWebKeySet.Failure) -> JSONWebKeySet {
        switch place {
        case .file(let file): try Self.keys(in: file)
        case .url(let address): try JSONWebKeySet(parsing: try await bytes(at: address))
        }
    }

    static func keys(in file: LocalFile) throws(JSONWebKeySet.Failure) -> JSONWebKeySet {
        let bytes: [UInt8]
        do throws(LocalFile.Failure) { bytes = try file.read(upTo: JSONWebKeySet.maximumLength) } catch {
            throw error == .tooLarge ? .tooLarge : .unreadable
        }
        return try JSONWebKeySet(parsing: bytes)
    }

    private func bytes(at address: WebAddress) async throws(JSONWebKeySet.Failure) -> [UInt8] {
        let request = EgressRequest(
            method: .get, target: address.target, headers: Headers([("Accept", "application/json")]), body: [])
        let response: GatewayResponse
        do throws(TransportFailure) { response = try await transport.send(request, to: endpoint(address)) } catch {
            throw .unreadable
        }
        guard response.status == 200 else { throw .unreadable }
        return response.body
    }

    /// The system's authorities, and TLS 1.2 for what is not a bank.
    private func endpoint(_ address: WebAddress) -> Endpoint {
        Endpoint(
            scheme: address.scheme == .https ? .https : .http, host: address.address.host.text, port: address.address.port,
            minimumTLS: .v12, addresses: addresses, purpose: "jwks", connectTimeout: Self.connectTimeout,
            attemptTimeout: Self.attemptTimeout)
    }
}

extension Configuration.JWT.KeySource: CustomStringConvertible {
    /// The same for every tenant that names the same place. Holds no secret: such a URL has no user and no query.
    var description: String {
        switch self {
        case .file(let file): file.path
        case .url(let url): "\(url.scheme.rawValue)://\(url.address)\(url.target)"
        }
    }
}
