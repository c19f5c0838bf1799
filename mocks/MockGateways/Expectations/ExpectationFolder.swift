import AdapterKit
import FoundationEssentials

/// A folder of MockServer initialisation files, `*.json`, each an array of expectations.
public struct ExpectationFolder: Sendable {
    private static let mostFiles = 1000
    private static let largestFile = 1_048_576

    /// What this file says stands in for a gateway's books: beside them it would say of charges what they do not know of.
    private static let lifeFile = "life.json"

    /// Of all files: for a gateway without books.
    let expectations: [Expectation]
    /// Of all but `life.json`: for a gateway with books, which answers these itself.
    let expectationsBesideBooks: [Expectation]

    /// Reads the files in the order of their names.
    /// - Throws: `ExpectationRefusal` that names the file and the place in it.
    public init(_ path: String) throws(ExpectationRefusal) {
        var (expectations, besideBooks): ([Expectation], [Expectation]) = ([], [])
        for file in try Self.files(in: path) {
            for expectation in try Self.read(file) {
                guard let id = expectation.id, expectations.contains(where: { $0.id == id }) else {
                    expectations.append(expectation)
                    if !file.hasSuffix("/\(Self.lifeFile)") { besideBooks.append(expectation) }
                    continue
                }
                throw ExpectationRefusal(place: file, problem: "the id \(id) occurs twice in \(path)")
            }
        }
        self.expectations = expectations
        expectationsBesideBooks = besideBooks
    }

    private static func files(in path: String) throws(ExpectationRefusal) -> [String] {
        guard let names = try? FileManager.default.contentsOfDirectory(atPath: path) else {
            throw ExpectationRefusal(place: path, problem: "not a folder that can be read")
        }
        let files = names.filter { $0.hasSuffix(".json") }.sorted()
        guard (1...mostFiles).contains(files.count) else {
            throw ExpectationRefusal(place: path, problem: "holds \(files.count) files of the name *.json, not 1 to \(mostFiles)")
        }
        return files.map { "\(path)/\($0)" }
    }

    private static func read(_ file: String) throws(ExpectationRefusal) -> [Expectation] {
        guard let data = FileManager.default.contents(atPath: file), data.count <= largestFile else {
            throw ExpectationRefusal(place: file, problem: "not a file of up to 1 MiB that can be read")
        }
        let json: JSON
        do throws(JSONFailure) { json = try JSON(parsing: [UInt8](data)) } catch {
            throw ExpectationRefusal(place: file, problem: "\(error.reason.rawValue), at byte \(error.offset) (\(error.pointer))")
        }
        guard json.elements != nil else { throw ExpectationRefusal(place: file, problem: "not an array") }
        do throws(ExpectationRefusal) { return try Expectation.several(json) } catch {
            throw ExpectationRefusal(place: "\(file) \(error.place)", problem: error.problem)
        }
    }
}
