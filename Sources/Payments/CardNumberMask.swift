/// Blanks what looks like a card number (12 to 19 digits that pass Luhn) in texts that are not ours: a gateway's message, a
/// token. Digits may be parted by single blanks or hyphens.
public enum CardNumberMask {
    public static func mask(_ text: String) -> String {
        let bytes = Array(text.utf8)
        var output: [UInt8] = []
        var index = 0
        while index < bytes.count {
            let end = digitRun(in: bytes, from: index)
            guard end > index else {
                output.append(bytes[index])
                index += 1
                continue
            }
            let run = Array(bytes[index..<end])
            output += holdsCardNumber(run.filter(isDigit)) ? Array("<masked>".utf8) : run
            index = end
        }
        return String(decoding: output, as: UTF8.self)
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }

    /// The end of the digits that start here, separators inside them included.
    private static func digitRun(in bytes: [UInt8], from start: Int) -> Int {
        var end = start
        var index = start
        while index < bytes.count {
            if isDigit(bytes[index]) {
                end = index + 1
            } else if !(end == index && index > start && (bytes[index] == 0x20 || bytes[index] == 0x2D)) {
                break
            }
            index += 1
        }
        return end
    }

    /// Any stretch of 12 to 19 digits counts, so that digits around a number do not hide it. Longer runs than 64 are blanked unseen.
    private static func holdsCardNumber(_ digits: [UInt8]) -> Bool {
        guard digits.count >= 12 else { return false }
        guard digits.count <= 64 else { return true }
        return (12...19).contains { length in
            length <= digits.count && (0...(digits.count - length)).contains { passesLuhn(digits[$0..<$0 + length]) }
        }
    }

    static func passesLuhn(_ digits: ArraySlice<UInt8>) -> Bool {
        var sum = 0
        for (position, digit) in digits.reversed().enumerated() {
            let value = Int(digit - 0x30)
            sum += position % 2 == 0 ? value : value * 2 - (value > 4 ? 9 : 0)
        }
        return sum % 10 == 0
    }
}
