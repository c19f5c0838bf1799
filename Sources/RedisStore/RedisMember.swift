import Payments

/// A member of an index: the gateway it is about, a space, the work.
struct RedisMember {
    let gateway: String
    let work: WorkID

    init(gateway: String, work: WorkID) {
        self.gateway = gateway
        self.work = work
    }

    init?(_ text: String) {
        guard let space = text.lastIndex(of: " "), let work = WorkID(String(text[text.index(after: space)...])) else {
            return nil
        }
        self.init(gateway: String(text[..<space]), work: work)
    }

    var text: String { "\(gateway) \(work)" }
}
