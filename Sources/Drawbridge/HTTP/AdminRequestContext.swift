import Hummingbird
import NIOCore

/// The connection that an operator came over: his address is read there, never from a header.
struct AdminRequestContext: RequestContext {
    var coreContext: CoreRequestContextStorage
    let caller: CallerAddress

    init(source: ApplicationRequestContextSource) {
        coreContext = CoreRequestContextStorage(source: source)
        caller = CallerAddress(source.channel.remoteAddress)
    }
}
