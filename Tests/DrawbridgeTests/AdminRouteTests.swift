import AdapterKit
import Payments
import Testing

@testable import Drawbridge

@Suite struct AdminRouteTests {
    private static let payment = "pay_" + String(repeating: "0", count: 26)
    private static let refund = "ref_" + String(repeating: "a", count: 26)

    @Test("the contract's paths are known, a work's slash written either way")
    func known() throws {
        let work = try #require(WorkID("\(Self.payment)/\(Self.refund)"))
        let alone = try #require(WorkID(Self.payment))
        let paths: [(String, AdminRoute)] = [
            ("/health", .health), ("/ready", .ready), ("/metrics", .metrics), ("/admin/gateways", .gateways),
            ("/admin/gateways/bank-a/breaker", .breaker(gateway: "bank-a")), ("/admin/queue", .queue),
            ("/admin/dead-letters", .deadLetters), ("/admin/audit", .audit),
            ("/admin/audit/subjects", .auditSubjects),
            ("/admin/dead-letters/\(Self.payment)/redrive", .redrive(alone)),
            ("/admin/dead-letters/\(Self.payment)/discard", .discard(alone)),
            ("/admin/dead-letters/\(Self.payment)/\(Self.refund)/redrive", .redrive(work)),
            ("/admin/dead-letters/\(Self.payment)%2F\(Self.refund)/discard", .discard(work)),
            ("/admin/dead-letters/\(Self.payment)%2f\(Self.refund)/discard", .discard(work)),
        ]
        for (path, route) in paths { #expect(AdminRoute(path: path[...]) == route, "\(path)") }
    }

    @Test(
        "nothing else is",
        arguments: [
            "", "/", "health", "/health/", "/admin", "/admin/", "/admin/queue/", "/admin//queue", "/admin/gateways/bank-a",
            "/admin/gateways//breaker", "/admin/gateways/Bank/breaker", "/admin/gateways/a/b/breaker",
            "/admin/gateways/bank-a/breaker/", "/admin/gateways/bank%2Da/breaker", "/admin/dead-letters/redrive",
            "/admin/dead-letters//redrive", "/admin/dead-letters/pay_1/redrive",
            "/admin/dead-letters/\(payment)", "/admin/dead-letters/\(payment)/retry", "/admin/dead-letters/\(payment)/redrive/",
            "/admin/dead-letters/\(payment)//redrive", "/admin/dead-letters/\(payment)%252F\(refund)/redrive",
            "/admin/dead-letters/\(payment)/\(payment)/redrive", "/admin/dead-letters/\(payment)/\(refund)/\(refund)/redrive",
            "/admin/dead-letters/%ff/redrive", "/admin/queue/\(payment)/redrive",
        ])
    func unknown(path: String) {
        #expect(AdminRoute(path: path[...]) == nil)
    }

    @Test("a query is read")
    func query() throws {
        let query = try AdminQuery(target: "/x?limit=100&after=a%2Fb", allowing: ["after", "limit"])
        #expect(try query.limit() == 100)
        #expect(try query.cursor() == "a/b")
        let none = try AdminQuery(target: "/x", allowing: [])
        #expect(try none.limit() == 20)
        #expect(try none.cursor() == nil)
        #expect(try AdminQuery(target: "/x?payment=\(Self.payment)", allowing: ["payment"]).subject().description == Self.payment)
    }

    @Test(
        "a wrong query is refused, at its parameter",
        arguments: [
            ("?limit=0", "/query/limit"), ("?limit=101", "/query/limit"), ("?limit=ten", "/query/limit"),
            ("?limit=", "/query/limit"),
            ("?limit=1&limit=1", "/query/limit"), ("?after=", "/query/after"), ("?after=a%20b", "/query/after"),
            ("?after=\(String(repeating: "a", count: 257))", "/query/after"), ("?after=%C3%A9", "/query/after"),
            ("?payment=pay_1", "/query/payment"), ("?limit=5", "/query"), ("?colour=red", "/query"), ("?limit", "/query"),
            ("?after=%zz", "/query"),
        ])
    func wrongQuery(text: String, pointer: String) {
        #expect {
            let query = try AdminQuery(target: "/x\(text)", allowing: ["after", "limit", "payment"])
            _ = try query.limit()
            _ = try query.cursor()
            _ = try query.subject()
        } throws: { ($0 as? Problem)?.errors.first?.pointer == pointer }
    }
}

@Suite struct OperatorCommandTests {
    @Test("a path's value is percent-encoded, whatever stands in it")
    func encoding() {
        #expect("a/b c?é\n-._~".percentEncoded == "a%2Fb%20c%3F%C3%A9%0A-._~")
    }

    @Test("a table has columns as wide as they need, and nothing that steers a terminal")
    func table() {
        var table = TextTable(["ID", "N"])
        table.add(.members([("id", .string("a\u{1B}[31m\nb")), ("n", .integer(7))]), ["id", "n"])
        table.add(.members([("id", .null)]), ["id", "n"])
        #expect(table.text == "ID        N\na?[31m?b  7\n-         -")
    }
}
