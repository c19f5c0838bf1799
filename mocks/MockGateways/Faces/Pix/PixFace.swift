public import AdapterKit

/// A payment service provider that speaks the Pix API (protocols/pix.md). Charges wait for their payer and refunds take a moment,
/// unless they are wished otherwise. `credentials` revokes every token.
struct PixFace: Face {
    private let tokens: PixTokens

    init(tokens: PixTokens) { self.tokens = tokens }

    /// Receipts of one delivery.
    let occurrencesPerCallback = 10
    let provesCallbacksByCertificate = true

    func declineCode(for category: FailureCategory) -> String { Self.codes[category] ?? "ED05" }

    private static let codes: [FailureCategory: String] = [
        .insufficientFunds: "AM04", .doNotHonor: "DS04", .invalidInstrument: "AC03", .limitExceeded: "AM02",
        .accountClosed: "AC07", .notPermitted: "AC06", .issuerUnavailable: "AB09",
    ]

    func acknowledges(_ status: Int) -> Bool { status == 200 }

    func reset() { tokens.revoke() }
}

// MARK: - Requests

extension PixFace {
    func read(_ request: CollectedRequest, in books: Books, at now: Timestamp) -> Reading {
        let route = PixRoute(method: request.method, path: request.path)
        return Reading(operation: route?.operation, content: content(of: request, route, books, now))
    }

    private func content(
        of request: CollectedRequest, _ route: PixRoute?, _ books: Books, _ now: Timestamp
    ) -> Reading.Content {
        guard let route else { return .refused(PixProblem.notFound("NaoEncontrado").reply) }
        let writer = PixWriter(route: route, tokens: tokens)
        if route == .session { return session(request, writer) }
        guard tokens.serves(request, at: now) else { return .unproved(PixWriter.unauthorized("invalid_token")) }
        do throws(PixProblem) { return try content(of: request, route, books, writer) } catch { return .refused(error.reply) }
    }

    private func session(_ request: CollectedRequest, _ writer: PixWriter) -> Reading.Content {
        guard tokens.isOurClient(request) else { return .unproved(PixWriter.unauthorized("invalid_client")) }
        let fields = String(decoding: request.body, as: UTF8.self).split(separator: "&")
        guard request.only("Content-Type") == Form.contentType, fields.contains("grant_type=client_credentials") else {
            return .refused(PixWriter.json(400, .members([("error", .string("unsupported_grant_type"))])))
        }
        return .asked(Asked(call: .session, writer: writer))
    }

    private func content(
        of request: CollectedRequest, _ route: PixRoute, _ books: Books, _ writer: PixWriter
    ) throws(PixProblem) -> Reading.Content {
        switch route {
        case .session: return .asked(Asked(call: .session, writer: writer))
        case .charge(let txid):
            let order = try PixBody.order(try Self.reference(txid), try PixBody.object(request.body))
            return .asked(Asked(call: .charge(order), usual: .actionRequired, writer: writer))
        case .inquiry(let txid): return .asked(Asked(call: .inquiry(charge: try Self.reference(txid)), writer: writer))
        case .revision(let txid):
            try PixBody.demandRemoval(try PixBody.object(request.body))
            let reference = try Self.reference(txid)
            return .asked(Asked(call: .void(charge: reference, reference: "removal of \(reference)"), writer: writer))
        case .received(let id): return .answered(PixWriter.json(200, try Self.paid(id, books).pix(telling: nil)))
        case .refund(let id, let refund):
            guard PixReference.isRefundID(refund) else { throw .refund("devolucao.id") }
            let call = BankCall.refund(
                charge: try Self.paid(id, books).reference, reference: PixReference.reference(of: refund),
                amount: try PixBody.refund(try PixBody.object(request.body)))
            return .asked(Asked(call: call, usual: .callback(.onTime), writer: writer))
        case .refundInquiry(let id, let refund):
            let call = BankCall.refundInquiry(
                charge: try Self.paid(id, books).reference, reference: PixReference.reference(of: refund))
            return .asked(Asked(call: call, writer: writer))
        }
    }

    private static func reference(_ txid: String) throws(PixProblem) -> String {
        guard PixReference.isTransactionID(txid) else { throw .charge("cob.txid") }
        return PixReference.reference(of: txid)
    }

    private static func paid(_ endToEndID: String, _ books: Books) throws(PixProblem) -> Charge {
        guard let serial = PixTransfer.serial(in: endToEndID), let charge = books.charge(serial: serial), charge.isPaid,
            PixTransfer(paying: charge).text == endToEndID
        else { throw .notFound("PixNaoEncontrado") }
        return charge
    }
}

// MARK: - Callbacks

extension PixFace {
    /// What was received, and refunds that have ended.
    func tells(of occurrence: Occurrence) -> Bool {
        guard let refund = occurrence.refund else { return occurrence.charge.isPaid }
        return refund.status == .approved || refund.status == .declined
    }

    /// To the registered URL with `/pix` appended, unsigned (protocols/pix.md, 5).
    func callback(telling told: [Occurrence], _ seal: Seal) -> CallbackPost? {
        let items = told.map { $0.charge.pix(telling: $0.refund) }
        return CallbackPost(
            target: seal.target + "/pix", headers: [("Content-Type", "application/json")],
            body: JSON.members([("pix", .array(items))]).encoded())
    }
}

extension GatewayFace {
    /// protocols/pix.md.
    /// - Parameters:
    ///   - clientID: the one client's, which `secret` proves where tokens are given out.
    ///   - tokenLifetime: whole seconds.
    public static func pix(clientID: String, secret: Secret, tokenLifetime: Duration) -> GatewayFace {
        GatewayFace(face: PixFace(tokens: PixTokens(clientID: clientID, secret: secret, lifetime: tokenLifetime)))
    }
}
