import AdapterKit
import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import Payments

/// The payments API at its HTTP edge: bounds the body, finds the tenant, reads and checks, hands over, writes the answer.
struct APIResponder: HTTPResponder {
    typealias Context = BasicRequestContext

    /// Twice what the largest payment of the schema can take, escapes included.
    static let maximumBody = 256 * 1024

    let service: PaymentService
    let feed: EventFeed
    let authentication: InboundAuthentication
    let time: any TimeSource
    let random: any RandomSource
    let logger: Logger

    func respond(to request: Request, context: Context) async throws -> Response {
        let arrived = time.monotonic()
        var requestID = InboundHeaders.freshRequestID(random)
        var route: APIRoute?
        let answer: Answer
        var challenge: String?
        do {
            requestID = try InboundHeaders(request.headers).requestID(random)
            route = try Self.route(of: request)
            answer = try await respond(to: request, at: route, requestID: requestID, arrived: arrived)
        } catch {
            answer = Answer(error, requestID: requestID)
            challenge = authentication.challenge(request.headers, error)
        }
        RequestDuration(method: request.method, route: route?.template, status: answer.status).record(time.monotonic() - arrived)
        var response = Response(answer, requestID: requestID, allowing: route?.methods ?? [])
        response.headers[.wwwAuthenticate] = challenge
        // A body after the answer to HEAD would be read as the next answer.
        return request.method == .head ? response.createHeadResponse() : response
    }

    private static func route(of request: Request) throws(Problem) -> APIRoute {
        let target = request.head.path ?? ""
        guard target.hasPrefix("/"), target.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            throw Problem(.malformedRequest, "The request target must begin with / and be percent-encoded.")
        }
        let path = target.prefix { $0 != "?" }
        guard let route = APIRoute(path: path) else {
            throw Problem(.notFound, "There is nothing at this path.", errors: [.init("/path", "names nothing")])
        }
        return route
    }

    private func respond(
        to request: Request, at route: APIRoute?, requestID: String, arrived: Duration
    ) async throws(Problem) -> Answer {
        guard let route else { throw Problem(.notFound) }
        guard route.methods.contains(request.method) else {
            throw Problem(
                .methodNotAllowed, "\(route.template) takes \(route.methods.map(\.rawValue).joined(separator: " and ")).")
        }
        if route == .document { return Answer(status: 200, content: .yaml, body: PackageResources.openapi_yaml) }
        let body = try await Self.body(of: request)
        let headers = InboundHeaders(request.headers)
        let message = InboundAuthentication.Message(
            method: request.method.rawValue, target: request.head.path ?? "", body: body, headers: headers)
        let sender = try await authentication.tenant(of: message, at: time.now())
        let call = Call(
            tenant: sender.tenant, credential: sender.credential, idempotencyKey: "", requestID: requestID, arrived: arrived,
            patience: headers.patience())
        return try await perform(route, request, body, headers, call)
    }

    private func perform(
        _ route: APIRoute, _ request: Request, _ body: [UInt8], _ headers: InboundHeaders, _ call: Call
    ) async throws(Problem) -> Answer {
        var call = call
        switch route {
        case .payments where request.method == .get:
            let query = try ListQuery(target: request.head.path ?? "")
            return await service.payments(reference: query.reference, limit: query.limit, call: call)
        case .payments:
            call.idempotencyKey = try headers.idempotencyKey()
            let json = try Self.json(body, headers)
            return await service.create(try PaymentRequest(json), body: json, call: call)
        case .payment(let id): return await service.payment(id, call: call)
        case .capture(let id):
            call.idempotencyKey = try headers.idempotencyKey()
            let json = try Self.optionalJSON(body, headers)
            return await service.capture(id, try CaptureRequest(json), body: json, call: call)
        case .void(let id):
            call.idempotencyKey = try headers.idempotencyKey()
            return await service.void(id, call: call)
        case .refunds(let id):
            call.idempotencyKey = try headers.idempotencyKey()
            let json = try Self.optionalJSON(body, headers)
            return await service.refund(id, try RefundRequest(json), body: json, call: call)
        case .sync(let id): return await service.sync(id, call: call)
        case .accountValidation:
            return await service.validateAccount(try AccountRequest(try Self.json(body, headers)), call: call)
        case .gateways: return service.gateways(call: call)
        case .events:
            let query = try EventQuery(target: request.head.path ?? "")
            return await feed.events(after: query.after, limit: query.limit, wait: query.wait, call: call)
        case .document: throw Problem(.notFound)
        }
    }

    private static func body(of request: Request) async throws(Problem) -> [UInt8] {
        do {
            let buffer = try await request.body.collect(upTo: maximumBody)
            return Array(buffer.readableBytesView)
        } catch is NIOTooManyBytesError {
            throw Problem(
                .payloadTooLarge, "The body may have at most \(maximumBody) bytes.",
                errors: [.init("", "must have at most \(maximumBody) bytes")])
        } catch { throw Problem(.malformedRequest, "The body did not arrive whole.") }
    }

    private static func json(_ body: [UInt8], _ headers: InboundHeaders) throws(Problem) -> JSON {
        try headers.requireJSON()
        do { return try JSON(parsing: body) } catch {
            let entry = Problem.Entry(error.pointer, "\(error.reason.rawValue), at byte \(error.offset)")
            throw Problem(
                .malformedRequest, "The body cannot be read: \(error.reason.rawValue), at byte \(error.offset).", errors: [entry])
        }
    }

    private static func optionalJSON(_ body: [UInt8], _ headers: InboundHeaders) throws(Problem) -> JSON {
        body.isEmpty ? .object([]) : try json(body, headers)
    }
}
