import AdapterKit
import Payments

extension ConfigurationSection {
    private static let sharedCallbackKeys = ["tolerance", "allowed_networks", "client_certificate_subject", "hint"]

    /// What a gateway's callbacks must prove: `nil` where it has none.
    ///
    /// - `tolerance` (duration from 1s to 1h, default `300s`), `allowed_networks` (list of CIDR ranges, default everyone)
    /// - `client_certificate_subject` (as RFC 4514 writes it, default none), `hint` (default false)
    /// - and the adapter's own
    func callback(of adapter: (any GatewayAdapter)?) -> CallbackPolicy? {
        guard let member = given("callback") else { return nil }
        guard case .mapping(let members) = member.value.content else {
            problem("callback", "a section of keys")
            return nil
        }
        let section = ConfigurationSection(member.value, path: keyPath("callback"), line: member.line, reading: reading)
        let own = members.filter { !Self.sharedCallbackKeys.contains($0.name) }
        for key in own { refuseRepeatedKeys(in: key.value, path: section.keyPath(key.name)) }
        var policy = CallbackPolicy(scheme: .unsigned)
        section.readShared(into: &policy)
        guard let adapter, section.knows(own, of: adapter),
            let scheme = section.scheme(of: adapter, YAMLValue(line: member.line, content: .mapping(own)))
        else { return nil }
        policy.scheme = scheme
        if !policy.canProve, !policy.isHint { section.refuseUnproven(by: adapter) }
        return policy
    }

    private func readShared(into policy: inout CallbackPolicy) {
        read("tolerance", .duration(.seconds(1)...(.seconds(3_600))), into: &policy.tolerance)
        let networks = list("allowed_networks", of: .network) ?? []
        policy.allowedNetworks = networks.compactMap { AddressRange($0) }
        policy.certificateSubject = value("client_certificate_subject", .certificateSubject)
        read("hint", .flag, into: &policy.isHint)
    }

    /// Whether the adapter has these keys. One that has none tells by itself whether it takes callbacks.
    private func knows(_ own: [YAMLValue.Member], of adapter: any GatewayAdapter) -> Bool {
        let names = type(of: adapter).callbackSettings.map(\.name)
        guard !names.isEmpty else { return true }
        for name in names { _ = given(name) }
        refuseUnknownKeys()
        return own.allSatisfy { names.contains($0.name) }
    }

    private func scheme(of adapter: any GatewayAdapter, _ own: YAMLValue) -> CallbackScheme? {
        do { return try adapter.callbackScheme(adapterSettings(own.json)) } catch {
            adapterProblem(error, path: path, own)
            return nil
        }
    }

    /// contract/callbacks.md, step 2. Where a key is set and wrong, that is told already.
    private func refuseUnproven(by adapter: any GatewayAdapter) {
        guard !reading.hasProblem(below: path) else { return }
        let own = type(of: adapter).callbackSettings.map { "\($0.name), " }.joined()
        reading.problem(
            at: path,
            expected: "what proves a delivery: \(own)client_certificate_subject; or hint: true, then deliveries only make us ask")
    }
}

extension Configuration {
    /// A certificate that this listener did not verify itself proves nothing.
    func checkCallbacks(_ root: ConfigurationSection) {
        let reading = root.reading
        guard listen.callbacks.tls?.clientCA == nil, !reading.hasProblem(below: "listen.callbacks.tls") else { return }
        for gateway in gateways where gateway.callback?.certificateSubject != nil {
            reading.problem(
                at: "gateways.\(gateway.name).callback.client_certificate_subject",
                expected:
                    "listen.callbacks.tls.client_ca to be set too; only this listener can verify a client certificate, never a header"
            )
        }
    }
}

extension ValueSyntax<String> {
    fileprivate static var network: Self {
        text("an address or a CIDR range with no bit set beyond its prefix, such as 10.0.0.0/8 or 2001:db8::/32") {
            AddressRange($0) != nil
        }
    }

    /// A name in the one form in which it is compared, so that it never differs by its spelling alone.
    fileprivate static var certificateSubject: Self {
        text(
            "a certificate's subject as RFC 4514 writes it, such as CN=bank-a,O=Bank A,C=BR: most specific first, no blanks around"
                + " the commas, keys CN, O, OU, C, L, ST, STREET, DC, E or an OID",
            where: CertificateSubject.isWritten)
    }
}
