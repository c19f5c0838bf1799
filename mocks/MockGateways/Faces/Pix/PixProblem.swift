import AdapterKit
import NIOHTTP1

/// An error of the API (RFC 7807; protocols/pix.md, 4). What is violated is named by its property, never by its value.
struct PixProblem: Error, Equatable {
    let status: Int
    let type: String
    var violations: [String] = []

    static func invalid(_ violations: String...) -> PixProblem {
        PixProblem(status: 400, type: "RequisicaoInvalida", violations: violations)
    }

    static func charge(_ violations: String...) -> PixProblem {
        PixProblem(status: 400, type: "CobOperacaoInvalida", violations: violations)
    }

    static func refund(_ violations: String...) -> PixProblem {
        PixProblem(status: 400, type: "PixDevolucaoInvalida", violations: violations)
    }

    static func notFound(_ what: String) -> PixProblem { PixProblem(status: 404, type: what) }

    var reply: Reply {
        let list = violations.map { property in
            JSON.members([("razao", .string("recusado pelo PSP simulado")), ("propriedade", .string(property))])
        }
        let body = JSON.present([
            ("type", .string("https://pix.bcb.gov.br/api/v2/error/\(type)")), ("title", .string(type)),
            ("status", .integer(Int64(status))), ("detail", .string("recusado pelo PSP simulado")),
            ("violacoes", list.isEmpty ? nil : .array(list)),
        ])
        return Reply(status: status, headers: ["Content-Type": "application/problem+json"], body: body.encoded())
    }
}
