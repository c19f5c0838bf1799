import Foundation

enum Terminal {
    /// Whether standard output is a terminal that wants colour (https://no-color.org).
    static var isOutput: Bool {
        isatty(FileHandle.standardOutput.fileDescriptor) == 1 && ProcessInfo.processInfo.environment["NO_COLOR"] == nil
    }

    /// Whether standard error is a terminal: there alone is told how far a long run is.
    static var isError: Bool { isatty(FileHandle.standardError.fileDescriptor) == 1 }
}
