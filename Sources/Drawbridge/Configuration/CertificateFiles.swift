import AdapterKit
import Foundation
import SwiftASN1
import X509

/// Reads PEM files for `check`: what is wrong with one is a sentence, never its content.
enum CertificateFiles {
    struct Failure: Error { let message: String }

    /// One certificate or more, the leaf first.
    static func certificates(in file: LocalFile) throws(Failure) -> [Certificate] {
        let documents = try documents(in: file).filter { $0.discriminator == Certificate.defaultPEMDiscriminator }
        guard !documents.isEmpty else { throw Failure(message: "\(file.path) holds no certificate in PEM") }
        do { return try documents.map { try Certificate(pemDocument: $0) } } catch {
            throw Failure(message: "\(file.path) holds a certificate that cannot be read")
        }
    }

    static func privateKey(in file: LocalFile) throws(Failure) -> Certificate.PrivateKey {
        let documents = try documents(in: file).filter { $0.discriminator.hasSuffix("PRIVATE KEY") }
        guard let document = documents.first, documents.count == 1 else {
            throw Failure(message: "\(file.path) does not hold one private key in PEM")
        }
        do { return try Certificate.PrivateKey(pemDocument: document) } catch {
            throw Failure(
                message: "\(file.path) holds a key that cannot be read; RSA, P-256, P-384, P-521 and Ed25519 can, unencrypted")
        }
    }

    private static func documents(in file: LocalFile) throws(Failure) -> [PEMDocument] {
        guard let bytes = try? file.read(upTo: Configuration.maximumPEMLength) else {
            throw Failure(message: "\(file.path) cannot be read")
        }
        do { return try PEMDocument.parseMultiple(pemString: String(decoding: bytes, as: UTF8.self)) } catch {
            throw Failure(message: "\(file.path) is not PEM")
        }
    }
}

extension Certificate {
    var validFrom: Timestamp { Timestamp(milliseconds: Int64(notValidBefore.timeIntervalSince1970 * 1000)) }
    var validUntil: Timestamp { Timestamp(milliseconds: Int64(notValidAfter.timeIntervalSince1970 * 1000)) }
}
