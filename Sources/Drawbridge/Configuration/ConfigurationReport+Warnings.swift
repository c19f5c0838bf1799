import AdapterKit

extension Configuration {
    /// How far the promise of no double charge (P1) reaches with this state store.
    var durabilityFindings: [ConfigurationFinding] {
        switch (state.backend, state.redis.waitReplicas) {
        case (.memory, _):
            [
                finding(
                    .warning, "state.backend",
                    "memory keeps nothing across a restart: payments in flight and idempotency keys are gone")
            ]
        case (.redis, 0):
            [
                finding(
                    .warning, "state.redis.wait_replicas",
                    "with appendfsync everysec, or failing over, Redis may lose its last second; then only the same reference at the same"
                        + " gateway prevents a double charge. appendfsync always, or replicas waited for, closes that gap")
            ]
        case (.redis, let replicas):
            [
                finding(
                    .note, "state.redis.wait_replicas",
                    "a payment leaves once \(replicas) replicas have it; Redis needs min-replicas-to-write \(replicas) for it to hold"
                )
            ]
        }
    }

    /// Secrets that can be guessed. HMAC-SHA-256 is as strong as its key, up to 32 bytes.
    var secretFindings: [ConfigurationFinding] {
        tenants.flatMap { tenant in
            tenant.keys.filter { $0.secret.bytes.count < 16 }.map { key in
                finding(
                    .warning, "tenants.\(tenant.id).keys", "the secret of \(key.id) has fewer than 16 bytes: it can be guessed")
            }
        }
    }

    /// Times that do not go together.
    var timeFindings: [ConfigurationFinding] {
        let findings = gateways.flatMap(timeFindings)
        guard state.keysKept < state.retention else { return findings }
        return findings + [
            finding(.warning, "state.keys_kept", "shorter than retention (\(state.retention.written)): it keeps nothing longer")
        ]
    }

    private func timeFindings(of gateway: Gateway) -> [ConfigurationFinding] {
        var findings: [ConfigurationFinding] = []
        let key = "gateways.\(gateway.name).timeout.attempt"
        let attempt = gateway.timeout.attempt.written
        if gateway.timeout.attempt > payments.deadline {
            let deadline = payments.deadline.written
            findings.append(
                finding(
                    .warning, key,
                    "\(attempt) is longer than payments.deadline (\(deadline)): callers get 202 while an attempt still runs"))
        } else if gateway.timeout.attempt + Self.margin > payments.deadline {
            let message = "\(attempt) leaves less than \(Self.margin.written) of payments.deadline (\(payments.deadline.written))"
            findings.append(finding(.warning, key, message))
        }
        if case .within(let late) = gateway.adapter.capabilities.lateSuccess, state.retention < late {
            let message = "shorter than the \(late.written) in which \(gateway.name) may still report a success"
            findings.append(finding(.warning, "state.retention", message))
        }
        return findings
    }

    /// What is left of the deadline for everything but the attempt: claim, settle and the answer.
    private static let margin = Duration.milliseconds(500)

    /// What travels unencrypted beyond this machine.
    var exposureFindings: [ConfigurationFinding] {
        var findings: [ConfigurationFinding] = []
        for (key, listener) in [("listen.api", listen.api), ("listen.callbacks", listen.callbacks)] {
            guard !listener.address.isLoopback, listener.tls == nil else { continue }
            findings.append(finding(.warning, key, "plain HTTP off loopback: something in front of it must carry TLS"))
        }
        if !listen.admin.address.isLoopback {
            findings.append(finding(.warning, "listen.admin", "plain HTTP off loopback: its token can be read on the way"))
        }
        if state.backend == .redis, !state.redis.url.usesTLS, !state.redis.url.isLoopback {
            findings.append(finding(.warning, "state.redis.url", "plain text off loopback: rediss:// encrypts it"))
        }
        return findings
    }

    /// Tenants who cannot sign, now or soon.
    func tenantFindings(at now: Timestamp) -> [ConfigurationFinding] {
        tenants.compactMap { tenant in
            let key = "tenants.\(tenant.id)"
            switch tenant.auth {
            case .none, .jwt: return nil
            case .hmac:
                guard tenant.keys.allSatisfy({ $0.notAfter.map { $0 <= now } ?? false }) else { return nil }
                return finding(
                    .warning, "\(key).keys", "every key is past its not_after: all requests of this tenant are refused")
            }
        }
    }
}
