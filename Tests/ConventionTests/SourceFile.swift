/// A Swift file cut into what is compiled and what is only said, so that a rule about code is not broken by a comment or a text.
struct SourceFile {
    struct Line {
        let number: Int
        /// Without comments; the contents of texts left out.
        var code = ""
        /// The contents of texts.
        var texts = ""
        var comment = ""
    }

    let path: String
    let lines: [Line]

    init(path: String, text: String) {
        self.path = path
        var scanner = SourceScanner(text)
        lines = scanner.lines()
    }

    var name: String { path.split(separator: "/").last.map(String.init) ?? path }

    /// Whether the file lies below one of these folders.
    func isBelow(_ folders: [String]) -> Bool { folders.contains { path.hasPrefix($0 + "/") } }

    var isAdapterSource: Bool { path.contains(#/^adapters/[^/]+/Sources//#) }

    var isTest: Bool { path.hasPrefix("Tests/") || path.contains(#/^adapters/[^/]+/Tests//#) }
}

/// Knows comments (nested ones too) and texts (raw ones and those of several lines too). What is interpolated into a text counts as
/// its content. Works on bytes, as the whole repository is read in every test run.
private struct SourceScanner {
    private enum Place: Equatable {
        case code
        case lineComment
        case blockComment(depth: Int)
        case text(closing: [UInt8], escape: [UInt8])
    }

    private struct Parts {
        var code: [UInt8] = []
        var texts: [UInt8] = []
        var comment: [UInt8] = []
    }

    private static let (hash, quote, newline) = (UInt8(ascii: "#"), UInt8(ascii: "\""), UInt8(ascii: "\n"))
    private static let (lineMark, blockStart, blockEnd) = (Array("//".utf8), Array("/*".utf8), Array("*/".utf8))

    private let bytes: [UInt8]
    private var index = 0
    private var place = Place.code
    private var parts = Parts()
    private var finished: [SourceFile.Line] = []

    init(_ text: String) { bytes = Array(text.utf8) }

    mutating func lines() -> [SourceFile.Line] {
        while index < bytes.count { step() }
        endLine()
        return finished
    }

    private mutating func step() {
        if bytes[index] == Self.newline { return endLine() }
        switch place {
        case .code: stepInCode()
        case .lineComment: parts.comment.append(next())
        case .blockComment(let depth): stepInBlockComment(depth)
        case .text(let closing, let escape): stepInText(closing, escape)
        }
    }

    private mutating func endLine() {
        index += 1
        if place == .lineComment { place = .code }
        finished.append(
            SourceFile.Line(
                number: finished.count + 1, code: String(decoding: parts.code, as: UTF8.self),
                texts: String(decoding: parts.texts, as: UTF8.self), comment: String(decoding: parts.comment, as: UTF8.self)))
        parts = Parts()
    }

    private mutating func stepInCode() {
        if skip(Self.lineMark) {
            place = .lineComment
        } else if skip(Self.blockStart) {
            place = .blockComment(depth: 1)
        } else if let hashes = hashesBeforeQuote {
            openText(hashes: hashes)
        } else {
            parts.code.append(next())
        }
    }

    private mutating func openText(hashes: Int) {
        let marks = Array(repeating: Self.hash, count: hashes)
        index += hashes
        let several = Array(repeating: Self.quote, count: 3)
        let quotes = skip(several) ? several : [Self.quote]
        if quotes.count == 1 { index += 1 }
        parts.code += [Self.quote, Self.quote]
        place = .text(closing: quotes + marks, escape: [UInt8(ascii: "\\")] + marks)
    }

    private mutating func stepInBlockComment(_ depth: Int) {
        if skip(Self.blockStart) {
            place = .blockComment(depth: depth + 1)
        } else if skip(Self.blockEnd) {
            place = depth == 1 ? .code : .blockComment(depth: depth - 1)
        } else {
            parts.comment.append(next())
        }
    }

    private mutating func stepInText(_ closing: [UInt8], _ escape: [UInt8]) {
        if skip(closing) {
            place = .code
        } else {
            // What follows an escape is content, also where it is a quote.
            _ = skip(escape)
            if index < bytes.count, bytes[index] != Self.newline { parts.texts.append(next()) }
        }
    }

    /// How many `#` stand here before a quote; `nil` where no text begins.
    private var hashesBeforeQuote: Int? {
        var end = index
        while end < bytes.count, bytes[end] == Self.hash { end += 1 }
        return end < bytes.count && bytes[end] == Self.quote ? end - index : nil
    }

    private mutating func skip(_ mark: [UInt8]) -> Bool {
        guard bytes[index] == mark[0], bytes[index...].starts(with: mark) else { return false }
        index += mark.count
        return true
    }

    private mutating func next() -> UInt8 {
        index += 1
        return bytes[index - 1]
    }
}
