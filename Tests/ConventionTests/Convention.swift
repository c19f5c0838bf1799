import Testing

/// A rule that one line can break.
enum Convention: String, CaseIterable, CustomTestStringConvertible {
    case noWallClock = "the wall clock and chance are asked only where the executable hands them out"
    case noClock = "below the executable only the I/O wrappers keep time of their own"
    case noForce = "nothing is forced: no try!, as! or unwrapping"
    case noCrash = "no condition that can happen ends the process"
    case noDetachedTask = "no task is detached"
    case reasonedUnchecked = "what the compiler does not check has its reason on the line"
    case wrappedMemory = "unsafe memory stays in the wrappers of C"
    case namedNouns = "nothing is called Utils, Helper, Manager or Common"
    case oneVerifier = "only the verifier makes a callback that counts as verified"
    case noSleep = "no test sleeps, unless the line says what it waits for"

    var testDescription: String { rawValue }

    private static let wrappers = ["Sources/CurlTransport", "Sources/RedisStore"]
    /// The concurrency library hands executors its jobs as unsafe.
    private static let executor = "Sources/Drawbridge/EventLoopExecutor.swift"
    /// Where time and chance enter the program.
    private static let systemSources = "Sources/Drawbridge/SystemSources.swift"

    private func covers(_ file: SourceFile) -> Bool {
        let isShipped = file.isBelow(["Sources"]) || file.isAdapterSource
        return switch self {
        case .noWallClock: isShipped && file.path != Self.systemSources
        case .noClock: isShipped && !file.isBelow(Self.wrappers + ["Sources/Drawbridge"])
        case .noForce, .noCrash: isShipped
        case .wrappedMemory: isShipped && !file.isBelow(Self.wrappers) && file.path != Self.executor
        case .oneVerifier: isShipped && file.path != "Sources/Payments/Callbacks/CallbackVerifier.swift"
        case .noDetachedTask, .reasonedUnchecked, .namedNouns: true
        case .noSleep: file.isTest
        }
    }

    /// One of them stands in every line that breaks the rule: regular expressions are slow, and the repository is large.
    private var needles: [String] {
        switch self {
        case .noWallClock: ["Date", "andom", ".shuffle", "UUID"]
        case .noClock: ["Clock", "DispatchTime", "NIODeadline", "gettime", "Task.sleep"]
        case .noForce: ["!"]
        case .noCrash: ["fatalError", "preconditionFailure", "abort"]
        case .noDetachedTask: ["detached"]
        case .reasonedUnchecked: ["unchecked", "unsafe"]
        case .oneVerifier: ["Callback("]
        case .wrappedMemory: ["nsafe", "OpaquePointer"]
        case .namedNouns: ["Util", "Helper", "Manager", "Common"]
        case .noSleep: ["sleep"]
        }
    }

    private func isBroken(by line: SourceFile.Line) -> Bool {
        let code = line.code
        guard needles.contains(where: code.contains) else { return false }
        return switch self {
        case .noWallClock:
            code.contains(
                #/\bDate\(\)|\bDate\.now\b|\.random\(|\.randomElement\(|\.shuffle[d]?\(|SystemRandomNumberGenerator|\bUUID\(\)/#)
        case .noClock:
            code.contains(#/ContinuousClock|SuspendingClock|DispatchTime|NIODeadline|clock_gettime|gettimeofday|Task\.sleep/#)
        case .noForce: code.contains(#/\btry!|\bas!|[\w)\]}"?]!(?:[^=\w]|$)/#)
        case .noCrash: code.contains(#/\b(?:fatalError|preconditionFailure|abort)\(/#)
        case .noDetachedTask: code.contains(#/Task\.detached/#)
        case .reasonedUnchecked:
            code.contains(#/@unchecked Sendable|nonisolated\(unsafe\)/#) && !line.comment.contains(#/\w{3,}\W+\w{2,}/#)
        case .oneVerifier: code.contains(#/\b(?:Verified|Unproven)Callback\((?!kept:)/#)
        case .wrappedMemory: code.contains(#/\bunsafe\s+[\w&]|\bUnsafe\w*(?:Pointer|Bytes)|\bOpaquePointer\b|withUnsafe/#)
        case .namedNouns:
            code.contains(
                #/\b(?:struct|class|enum|actor|protocol|typealias|extension)\s+\w*(?:Utils|Utilities|Helper|Manager|Common)(?:s?\b|[A-Z])/#
            )
                && !code.contains(#/extension\s+FileManager\b/#)
        case .noSleep:
            code.contains(#/\b(?:Task|Thread)\.sleep\b|(?:^|[^.\w])(?:u|nano)?sleep\(/#) && !code.contains(#/func\s+sleep\(/#)
                && !line.comment.contains(#/waits:\s*\w+/#)
        }
    }

    func violations(in file: SourceFile) -> [String] {
        guard covers(file) else { return [] }
        let name =
            file.name.contains(#/Utils|Utilities|Helper|Manager|Common/#) && self == .namedNouns ? ["\(file.path): its name"] : []
        return name + file.lines.filter(isBroken).map { "\(file.path):\($0.number): \($0.code.drop { $0 == " " })" }
    }
}
