internal import CCurl
internal import Glibc

/// A request's header lines as a list of libcurl's, which only reads it. Two pieces of memory instead of two for each line.
@safe struct HeaderList: ~Copyable {
    /// `nil` when there are none.
    let first: UnsafeMutablePointer<curl_slist>?
    private let text: UnsafeMutablePointer<CChar>

    /// - Parameter lines: each ends with a zero byte.
    init(_ lines: [UInt8]) {
        unsafe text = .allocate(capacity: lines.count)
        unsafe UnsafeMutableRawBufferPointer(start: text, count: lines.count).copyBytes(from: lines)
        unsafe first = Self.list(text, count: lines.count { $0 == 0 })
    }

    deinit {
        unsafe first?.deallocate()
        unsafe text.deallocate()
    }

    private static func list(_ text: UnsafeMutablePointer<CChar>, count: Int) -> UnsafeMutablePointer<curl_slist>? {
        guard count > 0 else { return nil }
        let nodes = UnsafeMutablePointer<curl_slist>.allocate(capacity: count)
        var line = unsafe text
        for number in 0..<count {
            let next = unsafe number + 1 < count ? nodes + number + 1 : nil
            unsafe (nodes + number).initialize(to: curl_slist(data: line, next: next))
            unsafe line += strlen(line) + 1
        }
        return unsafe nodes
    }
}
