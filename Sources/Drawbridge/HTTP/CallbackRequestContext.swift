import Hummingbird
import NIOCore
import NIOSSL
import SwiftASN1
import X509

/// The connection that a callback came over: who is at its other end is read there, never from a header.
struct CallbackRequestContext: RequestContext {
    var coreContext: CoreRequestContextStorage
    private let channel: any Channel

    init(source: ApplicationRequestContextSource) {
        coreContext = CoreRequestContextStorage(source: source)
        channel = source.channel
    }

    /// The peer's address, IPv4 or IPv6.
    var source: String? { channel.remoteAddress?.ipAddress }

    /// The subject, as RFC 4514 writes it, of the client certificate that this listener's handshake verified; `nil` without one.
    func certificateSubject() async -> String? {
        // Fails on a connection without TLS; without `client_ca` no certificate is asked for.
        guard let certificate = try? await channel.nioSSL_peerCertificate().get(), let bytes = try? certificate.toDERBytes()
        else {
            return nil
        }
        return (try? Certificate(derEncoded: bytes))?.subject.description
    }
}
