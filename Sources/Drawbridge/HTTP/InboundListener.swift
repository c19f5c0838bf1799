import CoreMetrics
import HummingbirdCore
import NIOCore
import Synchronization

/// One listener's connections: how many there are of each caller, and what is put in front of the responder for all of them.
final class InboundListener: Sendable {
    /// Why a connection was closed; closed set, safe as a metric label.
    enum Refusal: String {
        case tooManyOfAddress = "too_many_of_address"
        case tooMany = "too_many"
        case slowHead = "slow_head"
        case slowBody = "slow_body"
    }

    private struct Open {
        var byAddress: [CallerAddress: Int] = [:]
        var count = 0
    }

    let limits: InboundLimits
    private let name: String
    private let metrics: any MetricsFactory
    private let requestID: @Sendable () -> String
    private let open = Mutex(Open())

    /// - Parameters:
    ///   - name: `api`, `callbacks` or `admin`.
    ///   - requestID: makes one for a refusal.
    init(
        _ name: String, limits: InboundLimits = InboundLimits(), metrics: any MetricsFactory = MetricsSystem.factory,
        requestID: @escaping @Sendable () -> String
    ) {
        self.name = name
        self.limits = limits
        self.metrics = metrics
        self.requestID = requestID
    }

    /// How its connections speak HTTP.
    var channel: HTTP1Channel.Configuration {
        .init(
            additionalChannelHandlers: [InboundSetup(self), RefusalHandler(requestID: self.requestID)],
            idleTimeout: limits.idle, httpDecoderConfiguration: InboundLimits.headers)
    }

    /// - Returns: whether the caller may keep the connection; one that may not has not been counted.
    func admit(_ address: CallerAddress) -> Bool {
        let refusal = open.withLock { open -> Refusal? in
            guard open.count < limits.connections else { return .tooMany }
            let isCounted = limits.countsLoopback || !address.isLoopback
            guard !isCounted || open.byAddress[address, default: 0] < limits.connectionsPerAddress else {
                return .tooManyOfAddress
            }
            open.count += 1
            open.byAddress[address, default: 0] += 1
            return nil
        }
        if let refusal { count(refusal) }
        return refusal == nil
    }

    func left(_ address: CallerAddress) {
        open.withLock { open in
            open.count -= 1
            let rest = open.byAddress[address, default: 1] - 1
            open.byAddress[address] = rest > 0 ? rest : nil
        }
    }

    func count(_ refusal: Refusal) {
        metrics.makeCounter(
            label: "drawbridge_connections_refused_total", dimensions: [("listener", name), ("reason", refusal.rawValue)]
        ).increment(by: 1)
    }
}
