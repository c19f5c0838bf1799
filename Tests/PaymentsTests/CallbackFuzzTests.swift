import AdapterKit
import FoundationEssentials
import Signing
import TestKit
import Testing

@testable import Payments

@Suite("Callbacks as nobody should send them", .timeLimit(.minutes(1)))
struct CallbackFuzzTests {
    private static let rounds = 250
    private static let statuses: Set<Int> = [204, 400, 401, 403, 404, 409, 413, 503]

    /// A payment of which nobody knows what became, and all that callbacks have left.
    private struct State: Equatable {
        let record: PaymentRecord
        let kept: [KeptCallbackShelf: Int]
    }

    private func world() async throws -> World {
        var policy = World.signed
        policy.allowedNetworks = [try #require(AddressRange("192.0.2.0/24"))]
        let world = try World(callback: policy)
        try await world.unknown()
        return world
    }

    private func state(_ world: World) async throws -> State {
        State(record: try await world.record(), kept: try await world.callbacks.tally())
    }

    /// Bodies that the bank could send, the last two of them of refunds.
    private func bodies(_ world: World, _ event: String) throws -> [[UInt8]] {
        let statuses = ["APPROVED", "AUTHORIZED", "PENDING", "ACTION_REQUIRED", "DECLINED", "VOIDED"]
        let charges = try statuses.map { status in try world.news(status) { $0.eventID = event } }
        let refunds = try [nil, "ref_" + String(repeating: "0", count: 26)].map { refund in
            try world.news { ($0.eventID, $0.refund, $0.isRefund) = (event, refund, true) }
        }
        return (charges + refunds).map { Array($0.body.utf8) }
    }

    /// As the bank would sign it.
    private func signed(_ body: [UInt8], _ event: String, _ world: World) throws -> CallbackDelivery {
        let like = world.callback(body: "", eventID: event)
        let signature = try HMACV1.signature(
            of: HMACV1.Request(
                method: like.method, target: like.target, body: body, tenant: like.nonce, idempotencyKey: event,
                timestamp: like.time),
            with: SignedCallback.secret)
        return CallbackDelivery(
            gateway: like.gateway, method: like.method, target: like.target, headers: like.posted(signature).headers, body: body,
            source: like.source, certificateSubject: nil)
    }

    @Test(
        "signed over its bytes a spoilt body is read, kept or refused, and never decides what it does not say", arguments: 1...4)
    func spoiltBody(seed: Int) async throws {
        var garbler = Garbler(seed: seed)
        var world = try await world()
        var before = try await state(world)
        var seen: Set<Int> = []
        for round in 0..<Self.rounds {
            let event = "evt_\(round)"
            let picked = garbler.dice.pick(try bodies(world, event))
            let whole = try #require(picked)
            let body = garbler.dice.chance(0.1) ? garbler.bytes(upTo: 2_000) : garbler.garbled(whole)
            let reply = await world.receiver.receive(try signed(body, event, world))
            await world.inFlight.idle()
            let after = try await state(world)
            func place() -> Comment { "seed \(seed), round \(round): \(String(decoding: body.prefix(1_000), as: UTF8.self))" }
            try #require([204, 400].contains(reply.status), place())
            if reply.status == 400 {
                try #require(after.record == before.record, place())
                try #require(try await isKept(body, event, world), place())
            }
            if after.record != before.record {
                try #require(says(body, of: after.record), place())
                world = try await self.world()
            }
            before = try await state(world)
            seen.insert(reply.status)
        }
        #expect(seen == [204, 400], "seed \(seed)")
    }

    private func isKept(_ body: [UInt8], _ event: String, _ world: World) async throws -> Bool {
        let kept = try await world.callbacks.listed(.malformed, after: nil, limit: .max).callbacks
        return try kept.contains { callback in
            let plain = try world.vault.open(callback.sealed, for: callback.id.text)
            return Array(try JSONDecoder().decode(RawCallback.self, from: Data(plain)).body) == body
        }
    }

    /// Whether the body says what the payment has become, read without the adapter.
    private func says(_ body: [UInt8], of record: PaymentRecord) -> Bool {
        guard let data = (try? JSON(parsing: body))?["data"] else { return false }
        let isOurs = data["reference"]?.text == record.id.text
        let isAsked = data["amount"] == .integer(1_000) && data["currency"]?.text == "EUR"
        switch record.status {
        case .succeeded: return isOurs && isAsked && data["status"]?.text == "APPROVED"
        case .authorized: return isOurs && isAsked && data["status"]?.text == "AUTHORIZED"
        case .canceled: return isOurs && isAsked && data["status"]?.text == "VOIDED"
        case .failed: return isOurs && isAsked && data["status"]?.text == "DECLINED"
        case .requiresAction: return isOurs && isAsked && data["status"]?.text == "ACTION_REQUIRED"
        case .processing: return isOurs && isAsked && ["PENDING", "DECLINED"].contains(data["status"]?.text)
        case .manualReview: return isOurs
        case .queued: return false
        }
    }

    @Test("what was spoilt after it was signed changes nothing and is not kept", arguments: 1...4)
    func spoiltDelivery(seed: Int) async throws {
        var garbler = Garbler(seed: seed)
        var world = try await world()
        var before = try await state(world)
        var seen: Set<Int> = []
        for round in 0..<Self.rounds {
            let event = "evt_\(round)"
            let whole = try signed(try #require(try bodies(world, event).first), event, world)
            let spoilt = garbler.garbled(whole)
            let reply = await world.receiver.receive(spoilt)
            let after = try await state(world)
            func place() -> Comment { "seed \(seed), round \(round): \(spoilt)" }
            try #require(Self.statuses.contains(reply.status), place())
            if reply.status == 204 {
                // Spoilt was what the signature does not cover, if anything.
                try #require(spoilt.body == whole.body && spoilt.method == whole.method && spoilt.target == whole.target, place())
                for name in SignedCallback.names {
                    try #require(spoilt.headers.values(name) == whole.headers.values(name), place())
                }
                world = try await self.world()
                before = try await state(world)
            } else {
                try #require(reply.body.isEmpty && reply.contentType == nil, place())
                try #require(after == before, place())
            }
            seen.insert(reply.status)
        }
        #expect(seen.isSuperset(of: [204, 401, 403, 404, 413]), "seed \(seed)")
    }
}

extension Garbler {
    /// Spoilt in one of its parts.
    fileprivate mutating func garbled(_ delivery: CallbackDelivery) -> CallbackDelivery {
        var (gateway, method, target, body) = (delivery.gateway, delivery.method, delivery.target, delivery.body)
        var fields = delivery.headers.fields.map { ($0.name, $0.value) }
        var source = delivery.source
        switch dice.below(10) {
        case 0: gateway = garbled(gateway)
        case 1: method = garbled(method)
        case 2: target = garbled(target)
        case 3: body = garbled(body)
        case 4: body += Array(repeating: UInt8(ascii: " "), count: dice.chance(0.5) ? 1 : CallbackReceiver.maximumBody)
        case 5: source = garbled("192.0.2.1")
        case 6: fields.append(dice.pick(fields) ?? ("", ""))
        case 7: fields.remove(at: dice.below(fields.count))
        case 8: fields.insert((garbled("X-Signature"), garbled("v1=")), at: dice.below(fields.count + 1))
        default:
            let place = dice.below(fields.count)
            fields[place].1 = garbled(fields[place].1)
        }
        return CallbackDelivery(
            gateway: gateway, method: method, target: target, headers: Headers(fields), body: body, source: source,
            certificateSubject: delivery.certificateSubject)
    }
}
