import CoreMetrics
import Synchronization

/// Keeps what the metrics API records and writes it in Prometheus's text format. Labels come from the code, never from callers;
/// the number of series is bounded all the same.
final class PrometheusMetrics: MetricsFactory {
    /// Upper bounds in seconds.
    static let buckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]
    private static let maximumSeries = 20_000

    struct Series: Hashable {
        let name: String
        let labels: [Label]

        struct Label: Hashable {
            let name: String
            let value: String
        }
    }

    private struct State {
        var counters: [Series: PrometheusCounter] = [:]
        var gauges: [Series: PrometheusGauge] = [:]
        var histograms: [Series: PrometheusHistogram] = [:]

        var count: Int { counters.count + gauges.count + histograms.count }
    }

    private let state = Mutex(State())

    func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        let series = Self.series(label, dimensions)
        return state.withLock { state in
            if let known = state.counters[series] { return known }
            let counter = PrometheusCounter()
            if state.count < Self.maximumSeries { state.counters[series] = counter }
            return counter
        }
    }

    func makeRecorder(label: String, dimensions: [(String, String)], aggregate: Bool) -> any RecorderHandler {
        let series = Self.series(label, dimensions)
        return state.withLock { state in
            if let known = state.gauges[series] { return known }
            let gauge = PrometheusGauge()
            if state.count < Self.maximumSeries { state.gauges[series] = gauge }
            return gauge
        }
    }

    func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        let series = Self.series(label, dimensions)
        return state.withLock { state in
            if let known = state.histograms[series] { return known }
            let histogram = PrometheusHistogram(bounds: Self.buckets)
            if state.count < Self.maximumSeries { state.histograms[series] = histogram }
            return histogram
        }
    }

    // Series are never forgotten: a counter that vanishes and comes back would look like a reset.
    func destroyCounter(_ handler: any CounterHandler) {}
    func destroyRecorder(_ handler: any RecorderHandler) {}
    func destroyTimer(_ handler: any TimerHandler) {}

    /// Prometheus text format 0.0.4, in a stable order.
    func text() -> String {
        let (counters, gauges, histograms) = state.withLock { ($0.counters, $0.gauges, $0.histograms) }
        var lines: [String] = []
        Self.write(counters, "counter", to: &lines) { series, counter in ["\(series.text()) \(counter.value)"] }
        Self.write(gauges, "gauge", to: &lines) { series, gauge in ["\(series.text()) \(gauge.value)"] }
        Self.write(histograms, "histogram", to: &lines) { series, histogram in histogram.lines(of: series) }
        return lines.joined(separator: "\n") + "\n"
    }

    private static func write<Handler>(
        _ all: [Series: Handler], _ type: String, to lines: inout [String], _ render: (Series, Handler) -> [String]
    ) {
        for (name, group) in Dictionary(grouping: all, by: \.key.name).sorted(by: { $0.key < $1.key }) {
            lines.append("# TYPE \(name) \(type)")
            for (series, handler) in group.sorted(by: { $0.key.text() < $1.key.text() }) { lines += render(series, handler) }
        }
    }

    private static func series(_ name: String, _ dimensions: [(String, String)]) -> Series {
        Series(name: name, labels: dimensions.map { .init(name: $0.0, value: $0.1) })
    }
}

extension PrometheusMetrics.Series {
    func text(suffix: String = "", adding extra: (String, String)? = nil) -> String {
        let all = labels.map { ($0.name, $0.value) } + (extra.map { [$0] } ?? [])
        guard !all.isEmpty else { return name + suffix }
        return name + suffix + "{" + all.map { "\($0.0)=\"\(Self.escaped($0.1))\"" }.joined(separator: ",") + "}"
    }

    private static func escaped(_ value: String) -> String {
        value.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("\n", with: "\\n")
    }
}

final class PrometheusCounter: CounterHandler {
    private let total = Mutex<Int64>(0)
    var value: Int64 { total.withLock { $0 } }
    func increment(by amount: Int64) { total.withLock { $0 &+= amount } }
    func reset() { total.withLock { $0 = 0 } }
}

final class PrometheusGauge: RecorderHandler {
    private let current = Mutex<Double>(0)
    var value: Double { current.withLock { $0 } }
    func record(_ value: Int64) { record(Double(value)) }
    func record(_ value: Double) { current.withLock { $0 = value } }
}

final class PrometheusHistogram: TimerHandler {
    private struct State {
        var counts: [Int64]
        var sum = 0.0
    }

    private let bounds: [Double]
    private let state: Mutex<State>

    init(bounds: [Double]) {
        self.bounds = bounds
        self.state = Mutex(State(counts: Array(repeating: 0, count: bounds.count + 1)))
    }

    func recordNanoseconds(_ duration: Int64) {
        let seconds = Double(duration) / 1e9
        let bucket = bounds.firstIndex { seconds <= $0 } ?? bounds.count
        state.withLock { state in
            state.counts[bucket] += 1
            state.sum += seconds
        }
    }

    func lines(of series: PrometheusMetrics.Series) -> [String] {
        let (counts, sum) = state.withLock { ($0.counts, $0.sum) }
        var lines: [String] = []
        var total: Int64 = 0
        for (bound, count) in zip(bounds.map { String($0) } + ["+Inf"], counts) {
            total += count
            lines.append("\(series.text(suffix: "_bucket", adding: ("le", bound))) \(total)")
        }
        return lines + ["\(series.text(suffix: "_sum")) \(sum)", "\(series.text(suffix: "_count")) \(total)"]
    }
}
