/// A body of `application/x-www-form-urlencoded`.
public enum Form {
    public static let contentType = "application/x-www-form-urlencoded"

    /// Fields in the order given. Whatever is not a letter, a digit or one of `*-._` is percent-encoded, a blank is `+`
    /// (WHATWG URL, 5.2).
    public static func encoded(_ fields: [(name: String, value: String)]) -> [UInt8] {
        var output: [UInt8] = []
        for (index, field) in fields.enumerated() {
            if index > 0 { output.append(UInt8(ascii: "&")) }
            write(field.name, to: &output)
            output.append(UInt8(ascii: "="))
            write(field.value, to: &output)
        }
        return output
    }

    private static let digits = Array("0123456789ABCDEF".utf8)

    private static func write(_ text: String, to output: inout [UInt8]) {
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "*"), UInt8(ascii: "-"), UInt8(ascii: "."),
                UInt8(ascii: "_"):
                output.append(byte)
            case UInt8(ascii: " "): output.append(UInt8(ascii: "+"))
            default: output += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
    }
}
