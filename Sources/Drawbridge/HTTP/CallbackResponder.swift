import AdapterKit
import HTTPTypes
import Hummingbird
import NIOCore
import Payments

/// Callbacks at their HTTP edge: bounds the body, and hands on what came as it came. A refusal says nothing but its status.
struct CallbackResponder: HTTPResponder {
    typealias Context = CallbackRequestContext

    let intake: any CallbackIntake
    let time: any TimeSource

    func respond(to request: Request, context: Context) async throws -> Response {
        let arrived = time.monotonic()
        let route = CallbackRoute(target: Self.target(of: request)).flatMap { intake.accepts($0.gateway) ? $0 : nil }
        let response = await respond(to: request, at: route, context: context)
        RequestDuration(method: request.method, route: route.map { _ in CallbackRoute.template }, status: response.status.code)
            .record(time.monotonic() - arrived)
        return response
    }

    private func respond(to request: Request, at route: CallbackRoute?, context: Context) async -> Response {
        guard let route else { return Response(status: .notFound) }
        guard request.method == .post else { return Response(status: .methodNotAllowed, headers: [.allow: "POST"]) }
        do {
            let delivery = CallbackDelivery(
                gateway: route.gateway, method: request.method.rawValue, target: Self.target(of: request),
                headers: Self.headers(of: request), body: try await Self.body(of: request), source: context.source,
                certificateSubject: await context.certificateSubject())
            return Response(await intake.receive(delivery))
        } catch is NIOTooManyBytesError {
            return Response(intake.refuseTooLarge(route.gateway))
        } catch {
            // It did not arrive whole.
            return Response(status: .badRequest)
        }
    }

    private static func target(of request: Request) -> String { request.head.path ?? "" }

    /// The library keeps `Host` apart from the others.
    private static func headers(of request: Request) -> Headers {
        let host = request.head.authority.map { [("Host", $0)] } ?? []
        return Headers(host + request.headers.map { ($0.name.rawName, $0.value) })
    }

    /// - Throws: `NIOTooManyBytesError`, before anything is read where the sender says so himself.
    private static func body(of request: Request) async throws -> [UInt8] {
        let limit = CallbackReceiver.maximumBody
        if let length = request.headers[.contentLength].flatMap({ Int($0) }), length > limit {
            throw NIOTooManyBytesError(maxBytes: limit)
        }
        return Array(try await request.body.collect(upTo: limit).readableBytesView)
    }
}

extension Response {
    fileprivate init(_ reply: CallbackReply) {
        var headers = HTTPFields()
        headers[.contentType] = reply.contentType
        headers[.retryAfter] = reply.retryAfter.map { String($0) }
        self.init(
            status: .init(code: reply.status), headers: headers,
            body: reply.body.isEmpty ? ResponseBody() : ResponseBody(byteBuffer: ByteBuffer(bytes: reply.body)))
    }
}
