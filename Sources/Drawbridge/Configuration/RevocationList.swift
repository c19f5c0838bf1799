import AdapterKit
import SwiftASN1
import X509

/// What a certificate revocation list says (RFC 5280, section 5.1), so far as it is of use before a connection is made: whether it
/// holds, and whether our own certificate is on it. Its signature is OpenSSL's business.
struct RevocationList {
    struct Unreadable: Error {}

    let issuer: DistinguishedName
    let issued: Timestamp
    /// `nil`: it holds for ever.
    let nextUpdate: Timestamp?
    private let serials: Set<Certificate.SerialNumber>

    /// All of a PEM file, at least one.
    static func lists(in pem: [UInt8]) throws(Unreadable) -> [RevocationList] {
        do {
            let documents = try PEMDocument.parseMultiple(pemString: String(decoding: pem, as: UTF8.self))
            let lists = try documents.filter { $0.discriminator == "X509 CRL" }.map { try RevocationList(der: $0.derBytes) }
            if !lists.isEmpty { return lists }
        } catch {
            throw Unreadable()
        }
        throw Unreadable()
    }

    func revokes(_ certificate: Certificate) -> Bool {
        certificate.issuer == issuer && serials.contains(certificate.serialNumber)
    }

    private init(der bytes: [UInt8]) throws {
        guard let signed = try Self.parts(of: try DER.parse(bytes)).first else { throw Unreadable() }
        var parts = try Self.parts(of: signed)[...]
        if parts.first?.identifier == .integer { parts.removeFirst() }
        guard parts.count >= 3 else { throw Unreadable() }
        // The algorithm of the signature comes first.
        parts.removeFirst()
        issuer = try DistinguishedName(derEncoded: parts.removeFirst())
        issued = try Self.time(parts.removeFirst())
        nextUpdate = try Self.isTime(parts.first) ? Self.time(parts.removeFirst()) : nil
        serials = try parts.first?.identifier == .sequence ? Set(Self.parts(of: parts.removeFirst()).map(Self.serial)) : []
    }

    private static func parts(of node: ASN1Node) throws -> [ASN1Node] {
        try DER.sequence(node, identifier: .sequence) { nodes in
            var parts: [ASN1Node] = []
            while let next = nodes.next() { parts.append(next) }
            return parts
        }
    }

    private static func serial(of entry: ASN1Node) throws -> Certificate.SerialNumber {
        guard let number = try parts(of: entry).first else { throw Unreadable() }
        return Certificate.SerialNumber(bytes: try ArraySlice<UInt8>(derEncoded: number))
    }

    private static func isTime(_ node: ASN1Node?) -> Bool {
        node.map { [.utcTime, .generalizedTime].contains($0.identifier) } ?? false
    }

    private static func time(_ node: ASN1Node) throws -> Timestamp {
        if node.identifier == .utcTime {
            let time = try UTCTime(derEncoded: node)
            return try timestamp([time.year, time.month, time.day, time.hours, time.minutes, time.seconds])
        }
        let time = try GeneralizedTime(derEncoded: node)
        return try timestamp([time.year, time.month, time.day, time.hours, time.minutes, time.seconds])
    }

    private static func timestamp(_ numbers: [Int]) throws -> Timestamp {
        let digits = zip(numbers, [4, 2, 2, 2, 2, 2]).map { number, count in
            String(repeating: "0", count: max(0, count - String(number).count)) + String(number)
        }
        let text = "\(digits[0])-\(digits[1])-\(digits[2])T\(digits[3]):\(digits[4]):\(digits[5])Z"
        guard let timestamp = Timestamp(wholeSecondsRFC3339: text) else { throw Unreadable() }
        return timestamp
    }
}
