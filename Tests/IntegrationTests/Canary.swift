import AdapterKit
import Foundation
import Glibc

/// A value that must not stand somewhere, and how it would be found there, also where it stands encoded.
struct Canary: Sendable {
    let name: String
    let text: String

    init(_ name: String, _ text: String) {
        self.name = name
        self.text = text
    }

    /// What four digits are encoded as stands in many a digest by chance.
    private var isShort: Bool { text.utf8.count < 8 }

    private var forms: [(name: String, bytes: [UInt8])] {
        let plain = Array(text.utf8)
        if isShort { return [("plain", plain)] }
        let hexadecimal = plain.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        var forms = [
            ("plain", text), ("hexadecimal", hexadecimal), ("hexadecimal", hexadecimal.uppercased()),
            ("percent-encoded", percentEncoded), ("percent-encoded", percentEncoded.lowercased()),
            ("form-encoded", percentEncoded.replacing("%20", with: "+")), ("escaped", text.replacing("/", with: "\\/")),
        ]
        for offset in 0..<3 {
            forms.append(("base64", base64(after: offset)))
            forms.append(("base64", base64(after: offset).replacing("+", with: "-").replacing("/", with: "_")))
        }
        if text.allSatisfy(\.isNumber) {
            for separator in [" ", "-"] { forms.append(("in groups", grouped(by: separator))) }
        }
        return forms.map { ($0.0, Array($0.1.utf8)) }
    }

    private var percentEncoded: String {
        text.utf8.map { byte in
            let character = Character(UnicodeScalar(byte))
            if character.isLetter || character.isNumber { return String(character) }
            return "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
        }.joined()
    }

    private func grouped(by separator: String) -> String {
        let digits = Array(text)
        return stride(from: 0, to: digits.count, by: 4).map { String(digits[$0..<min($0 + 4, digits.count)]) }
            .joined(separator: separator)
    }

    /// What stands for it, and for nothing else, in the base64 of a longer text.
    /// - Parameter offset: bytes before it, modulo 3.
    private func base64(after offset: Int) -> String {
        let encoded = Data([UInt8](repeating: 0, count: offset) + Array(text.utf8)).base64EncodedString()
        let (first, end) = ((offset * 8 + 5) / 6, (offset + text.utf8.count) * 8 / 6)
        return String(encoded.dropFirst(first).prefix(end - first))
    }

    /// - Returns: in which form it stands there; `nil`: nowhere.
    func form(in bytes: [UInt8]) -> String? {
        forms.first { form in
            Self.places(of: form.bytes, in: bytes).contains { !isShort || standsAlone(at: $0, in: bytes) }
        }?.name
    }

    /// Nothing of a word, of a longer number or of a fraction is beside it.
    private func standsAlone(at place: Int, in bytes: [UInt8]) -> Bool {
        let end = place + text.utf8.count
        let beside = [place > 0 ? bytes[place - 1] : 0, end < bytes.count ? bytes[end] : 0]
        return beside.allSatisfy { byte in
            let character = Character(UnicodeScalar(byte))
            return byte < 0x80 && !character.isLetter && !character.isNumber && character != "." && character != "-"
        }
    }

    private static func places(of wanted: [UInt8], in bytes: [UInt8]) -> [Int] {
        unsafe bytes.withUnsafeBytes { all in
            unsafe wanted.withUnsafeBytes { part in
                guard let base = all.baseAddress, let sought = part.baseAddress else { return [] }
                var places: [Int] = []
                var start = 0
                while start + part.count <= all.count,
                    let found = unsafe memchr(base + start, Int32(part[0]), all.count - part.count - start + 1)
                {
                    let place = unsafe UnsafeRawPointer(found) - base
                    if unsafe memcmp(base + place, sought, part.count) == 0 { places.append(place) }
                    start = place + 1
                }
                return places
            }
        }
    }
}

/// All that a payment may be told of people, and all with which Drawbridge proves who it is.
enum Canaries {
    static let number = "4000008449433403"
    static let otherNumber = "5555719382640756"
    static let cvc = "8361"
    static let holder = "Zephyrina Q. Canaria"
    static let email = "zephyrina@canary.example"
    static let taxID = "390.533.447-05"
    static let payerTaxID = "11144477735"
    static let payer = "Zebedee Pixpayer"
    static let token = "tok_canary_4711_secret"
    static let pixKey = "canary.payee@pix.example"
    static let payerVPA = "canary.payer@upibank"
    static let payeeVPA = "canary.shop@upibank"
    static let debtor = "DE89370400440532013000"
    static let creditor = "GB29NWBK60161331926819"
    static let description = "canary-description-4711"
    static let metadata = "canary-metadata-4711"
    static let refundReason = "canary-refund-reason-4711"
    static let customer = "canary-customer-4711"
    static let said = "zephyrina is a canary"
    static let address = "https://canary-3ds.example/zephyrina"

    static let personal = [
        Canary("card number", number), Canary("second card number", otherNumber), Canary("CVC", cvc), Canary("holder", holder),
        Canary("e-mail", email), Canary("tax id", taxID), Canary("payer's tax id", payerTaxID), Canary("payer's name", payer),
        Canary("token", token), Canary("Pix key", pixKey), Canary("payer's VPA", payerVPA), Canary("payee's VPA", payeeVPA),
        Canary("debtor's account", debtor), Canary("creditor's account", creditor), Canary("description", description),
        Canary("metadata", metadata), Canary("refund's reason", refundReason), Canary("customer's id", customer),
        Canary("gateway's words", said), Canary("gateway's address", address),
    ]

    /// What not even the tenant is answered, which has sent it.
    static let unanswerable = [
        "card number", "second card number", "CVC", "holder", "e-mail", "tax id", "payer's tax id", "payer's name", "token",
        "Pix key", "payer's VPA", "debtor's account", "creditor's account",
    ]
}
