import AdapterKit
import ArgumentParser
import MockGateways

/// Who is called back.
struct CallbackOptions: ParsableArguments {
    @Option(help: "Where callbacks are posted: http://... or https://...", transform: Self.url)
    var callbackUrl: CallbackURL?

    @Option(help: "What X-Key-Id of callbacks says.")
    var callbackKeyId: String?

    @Option(help: "The secret of that key: text:VALUE, env:NAME or file:PATH.")
    var callbackSecret: SecretSource?

    @Option(help: "PEM file with the authority that signs the receiver's certificate; without it whom the system trusts.")
    var callbackCa: String?

    @Option(help: "PEM file with the certificate that the bank shows the receiver.")
    var callbackCertificate: String?

    @Option(help: "PEM file with the key of that certificate.")
    var callbackKey: String?

    @Flag(help: "Call back for every charge and refund, not only for those that change by themselves.")
    var callbackAlways = false

    func validate() throws {
        let depending = [callbackKeyId, callbackCa, callbackCertificate, callbackKey].contains { $0 != nil }
        guard callbackUrl != nil || !(depending || callbackSecret != nil || callbackAlways) else {
            throw ValidationError("callbacks need --callback-url.")
        }
        guard (callbackCertificate == nil) == (callbackKey == nil) else {
            throw ValidationError("--callback-certificate and --callback-key need each other.")
        }
    }

    /// For protocols whose callbacks name their key.
    func requireKey() throws {
        guard callbackUrl == nil || (callbackKeyId != nil && callbackSecret != nil) else {
            throw ValidationError("--callback-url needs --callback-key-id and --callback-secret.")
        }
    }

    /// `nil` where nobody is to be called back.
    func destination() throws -> CallbackDestination? {
        guard let callbackUrl else { return nil }
        let key = try callbackSecret.map { SigningKey(id: callbackKeyId ?? "", secret: try $0.read()) }
        var destination = CallbackDestination(url: callbackUrl, key: key, random: Self.random)
        destination.tls.authorityPEM = try callbackCa.map(PEMFile.read)
        if let callbackCertificate, let callbackKey {
            destination.tls.client = (try PEMFile.read(callbackCertificate), try PEMFile.read(callbackKey))
        }
        destination.tellsEverything = callbackAlways
        return destination
    }

    private static func url(_ text: String) throws -> CallbackURL {
        guard let url = CallbackURL(text) else { throw ValidationError("not a URL that callbacks can be posted to.") }
        return url
    }

    private static func random() -> UInt64 {
        var system = SystemRandomNumberGenerator()
        return system.next()
    }
}
