import AdapterKit
import Payments

extension Configuration.Gateway {
    /// Where the gateway is reached, with the certificates and the key as they stand in their files now.
    ///
    /// - Throws: the file that cannot be read, so that a start or a reload is refused.
    func endpoint(of configuration: Configuration) throws(ConfigurationProblems) -> Endpoint {
        var authorities = Endpoint.Authorities.system
        var identity: Endpoint.Identity?
        var revocations: Endpoint.RevocationFile?
        var lists: [RevocationList] = []
        if case .file(let file) = tls.ca { authorities = .pem(try configuration.pem(file, key: "gateways.\(name).tls.ca")) }
        if let file = tls.crl {
            let content = try configuration.content(
                of: file, upTo: Configuration.maximumRevocationLength, key: "gateways.\(name).tls.crl")
            revocations = Endpoint.RevocationFile(path: file.path, content: content)
            // Those that cannot be read are refused by libcurl, at every connection.
            lists = (try? RevocationList.lists(in: content)) ?? []
        }
        if let files = tls.identity {
            let certificate = try configuration.pem(files.certificate, key: "gateways.\(name).tls.certificate")
            let key = try configuration.pem(files.key, key: "gateways.\(name).tls.key")
            identity = Endpoint.Identity(certificate: certificate, key: key, revoked: lists)
        }
        return Endpoint(
            scheme: baseURL.scheme == .https ? .https : .http, host: baseURL.address.host.text, port: baseURL.address.port,
            basePath: baseURL.path, authorities: authorities, identity: identity, pins: tls.pins, minimumTLS: tls.minVersion,
            revocations: revocations, addresses: addresses, purpose: name, proxy: proxy?.description,
            connectTimeout: timeout.connect, attemptTimeout: timeout.attempt)
    }
}

extension Configuration {
    /// Bytes of the largest certificate or key file.
    static let maximumPEMLength = 1_048_576

    func line(of key: String) -> Int? { keys.first { $0.path == key }?.line }

    /// Bytes of the largest file of revocation lists.
    static let maximumRevocationLength = 16_777_216

    fileprivate func pem(_ file: LocalFile, key: String) throws(ConfigurationProblems) -> [UInt8] {
        try content(of: file, upTo: Self.maximumPEMLength, key: key)
    }

    fileprivate func content(of file: LocalFile, upTo limit: Int, key: String) throws(ConfigurationProblems) -> [UInt8] {
        do { return try file.read(upTo: limit) } catch {
            throw ConfigurationProblems([
                ConfigurationProblem(file: self.file, line: line(of: key), key: key, expected: "a PEM file that can be read")
            ])
        }
    }
}
