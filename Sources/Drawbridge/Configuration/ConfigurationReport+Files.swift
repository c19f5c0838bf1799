import AdapterKit
import X509

extension Configuration {
    /// Before this much of its validity is left, a certificate is worth a warning.
    private static let renewalPeriod = Duration.seconds(30 * 86_400)

    /// Every certificate and key that the file names, opened.
    func fileFindings(at now: Timestamp) -> [ConfigurationFinding] {
        var findings: [ConfigurationFinding] = []
        for (key, tls) in [("listen.api.tls", listen.api.tls), ("listen.callbacks.tls", listen.callbacks.tls)] {
            guard let tls else { continue }
            findings += pairFindings(tls.certificate, tls.key, below: key, at: now)
            if let authority = tls.clientCA { findings += authorityFindings(authority, "\(key).client_ca", at: now) }
        }
        for gateway in gateways {
            let key = "gateways.\(gateway.name).tls"
            if case .file(let file) = gateway.tls.ca { findings += authorityFindings(file, "\(key).ca", at: now) }
            if let file = gateway.tls.crl {
                findings += revocationFindings(file, "\(key).crl", of: gateway.tls.identity?.certificate, at: now)
            }
            guard let identity = gateway.tls.identity else { continue }
            findings += pairFindings(identity.certificate, identity.key, below: key, at: now)
        }
        return findings + tenants.compactMap(keySetFinding)
    }

    private func pairFindings(_ file: LocalFile, _ keyFile: LocalFile, below path: String, at now: Timestamp)
        -> [ConfigurationFinding]
    {
        var findings: [ConfigurationFinding] = []
        var leaf: Certificate?
        do {
            let chain = try CertificateFiles.certificates(in: file)
            leaf = chain.first
            findings += chain.compactMap { validityFinding($0, in: file, "\(path).certificate", at: now) }
        } catch { findings.append(finding(.problem, "\(path).certificate", error.message)) }
        do {
            let key = try CertificateFiles.privateKey(in: keyFile)
            if let leaf, leaf.publicKey != key.publicKey {
                findings.append(
                    finding(.problem, "\(path).key", "\(keyFile.path) is not the key of the certificate in \(file.path)"))
            }
        } catch { findings.append(finding(.problem, "\(path).key", error.message)) }
        return findings
    }

    private func validityFinding(_ certificate: Certificate, in file: LocalFile, _ key: String, at now: Timestamp)
        -> ConfigurationFinding?
    {
        let until = certificate.validUntil
        if until <= now { return finding(.problem, key, "\(file.path) expired at \(until.rfc3339WholeSeconds)") }
        if certificate.validFrom > now {
            return finding(.problem, key, "\(file.path) is valid only from \(certificate.validFrom.rfc3339WholeSeconds)")
        }
        guard until < now + Self.renewalPeriod else { return nil }
        return finding(.warning, key, "\(file.path) expires at \(until.rfc3339WholeSeconds), in less than 30 days")
    }

    /// A bundle may hold old authorities beside the one that counts; it is of no use when none is valid.
    private func authorityFindings(_ file: LocalFile, _ key: String, at now: Timestamp) -> [ConfigurationFinding] {
        do {
            let authorities = try CertificateFiles.certificates(in: file)
            let findings = authorities.compactMap { validityFinding($0, in: file, key, at: now) }
            let usable = authorities.contains { $0.validUntil > now && $0.validFrom <= now }
            return usable ? findings.map { finding(.warning, key, $0.message) } : findings
        } catch { return [finding(.problem, key, error.message)] }
    }

    /// Each list must hold: one that is out of date lets no connection be made.
    private func revocationFindings(_ file: LocalFile, _ key: String, of own: LocalFile?, at now: Timestamp)
        -> [ConfigurationFinding]
    {
        guard let content = try? file.read(upTo: Self.maximumRevocationLength),
            let lists = try? RevocationList.lists(in: content)
        else { return [finding(.problem, key, "\(file.path) holds no revocation list in PEM that can be read")] }
        var findings = lists.compactMap { list in
            list.nextUpdate.flatMap { end in
                end <= now
                    ? finding(.problem, key, "\(file.path) holds a list that was to be renewed by \(end.rfc3339WholeSeconds)")
                    : nil
            }
        }
        if let leaf = own.flatMap({ try? CertificateFiles.certificates(in: $0).first }),
            lists.contains(where: { $0.revokes(leaf) })
        {
            findings.append(finding(.problem, key, "\(file.path) revokes our own certificate"))
        }
        return findings
    }

    private func keySetFinding(_ tenant: Tenant) -> ConfigurationFinding? {
        guard case .file(let file)? = tenant.jwt?.jwks else { return nil }
        let message: String
        do throws(JSONWebKeySet.Failure) {
            _ = try KeySetSource.keys(in: file)
            return nil
        } catch {
            message =
                switch error {
                case .unreadable: "\(file.path) cannot be read"
                case .tooLarge: "\(file.path) is over \(JSONWebKeySet.maximumLength) bytes or \(JSONWebKeySet.maximumKeys) keys"
                case .malformed: "\(file.path) is not a JSON Web Key Set"
                case .noUsableKey:
                    "\(file.path) has no public key for RS256 (of 2048 bits or more) or ES256 signatures with a kid"
                }
        }
        return finding(.problem, "tenants.\(tenant.id).jwt.jwks", message)
    }
}
