import Payments
import TestKit

extension World {
    /// A pass as often as recovery makes one. One that would find nothing is left out: it changes nothing, and most find nothing.
    func recover(_ replica: Replica) {
        guard let process = replica.process, let service = replica.service else { return }
        let recovery = Recovery(service: service)
        process.serve { [unowned self] in
            while !Task.isCancelled {
                await process.rest(1_000_000)
                let due = try? await storage.kept.due(limit: 1)
                if due?.isEmpty == false { await recovery.pass() }
            }
        }
    }
}
