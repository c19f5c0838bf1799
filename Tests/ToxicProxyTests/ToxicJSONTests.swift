import AdapterKit
import Testing

@testable import ToxicProxy

@Suite("A toxic as JSON")
struct ToxicJSONTests {
    private func toxic(_ text: String) throws -> Toxic { try Toxic(try JSON(parsing: Array(text.utf8))) }

    @Test func `the defaults are those of Toxiproxy`() throws {
        let toxic = try toxic(#"{"type":"latency"}"#)
        #expect(toxic.name == "latency_downstream")
        #expect(toxic.direction == .downstream)
        #expect(toxic.toxicity == 1)
        #expect(toxic.effect == .latency(Latency(milliseconds: 0, jitter: 0)))
    }

    @Test(arguments: [
        (#"{"type":"latency","attributes":{"latency":5,"jitter":2}}"#, Toxic.Effect.latency(Latency(milliseconds: 5, jitter: 2))),
        (#"{"type":"bandwidth","attributes":{"rate":30}}"#, .bandwidth(Bandwidth(rate: 30))),
        (
            #"{"type":"slicer","attributes":{"average_size":9,"size_variation":8,"delay":3}}"#,
            .slicer(Slicer(averageSize: 9, sizeVariation: 8, delay: 3))
        ),
        (#"{"type":"limit_data","attributes":{"bytes":7}}"#, .limitData(bytes: 7)),
        (#"{"type":"timeout","attributes":{"timeout":4}}"#, .timeout(milliseconds: 4)),
        (#"{"type":"reset_peer","attributes":{"timeout":6}}"#, .resetPeer(milliseconds: 6)),
        (#"{"type":"slow_close","attributes":{"delay":8}}"#, .slowClose(milliseconds: 8)),
    ])
    func `each type has its attributes, and is written as it was read`(text: String, effect: Toxic.Effect) throws {
        let toxic = try toxic(text)
        #expect(toxic.effect == effect)
        #expect(try Toxic(toxic.json) == toxic)
    }

    @Test func `everything stands in what is written`() throws {
        let toxic = try toxic(#"{"name":"n","type":"timeout","stream":"upstream","toxicity":0.5,"attributes":{"timeout":1}}"#)
        let written = String(decoding: toxic.json.encoded(), as: UTF8.self)
        #expect(
            written == #"{"attributes":{"timeout":1},"name":"n","type":"timeout","stream":"upstream","toxicity":0.5}"#)
    }

    @Test(arguments: [
        (#"{}"#, "invalid toxic type: "), (#"{"type":"packet_loss"}"#, "invalid toxic type: packet_loss"),
        (#"{"type":"Latency"}"#, "invalid toxic type: Latency"),
        (#"{"type":"latency","stream":"sideways"}"#, "stream was invalid, can be either upstream or downstream"),
        (#"{"type":"latency","attributes":{"delay":1}}"#, "bad request body: latency has no delay"),
        (#"{"type":"latency","attribute":{}}"#, "bad request body: toxic has no attribute"),
        (#"{"type":"latency","attributes":[]}"#, "bad request body: latency is not an object"),
        (#"{"type":"latency","attributes":{"latency":"5"}}"#, "bad request body: latency of latency is not an integer"),
        (#"{"type":"latency","attributes":{"latency":1.5}}"#, "bad request body: latency of latency is not an integer"),
        (#"{"type":"latency","attributes":{"latency":-1}}"#, "bad request body: latency of latency is not from 0 to 3600000"),
        (#"{"type":"slicer"}"#, "bad request body: average_size of slicer is not from 1 to 1048576"),
        (
            #"{"type":"slicer","attributes":{"average_size":5,"size_variation":5}}"#,
            "bad request body: size_variation of slicer is not from 0 to 4"
        ),
        (#"{"type":"latency","toxicity":1.01}"#, "bad request body: toxicity of toxic is not a number from 0 to 1"),
        (#"{"type":"latency","toxicity":-1}"#, "bad request body: toxicity of toxic is not a number from 0 to 1"),
        (#"{"type":"latency","toxicity":"1"}"#, "bad request body: toxicity of toxic is not a number from 0 to 1"),
        (#"{"type":7}"#, "bad request body: type of toxic is not a string"),
        (
            #"{"type":"latency","name":"a/b"}"#,
            "bad request body: name of toxic: 1 to 100 letters, digits, '_', '-' and '.'"
        ), (#"[]"#, "bad request body: toxic is not an object"),
    ])
    func `what is not understood is refused by name`(text: String, message: String) throws {
        let failure = #expect(throws: APIFailure.self) { try toxic(text) }
        #expect(failure?.status == 400)
        #expect(failure?.message == message)
    }

    @Test func `an update keeps what it leaves out`() throws {
        let before = try toxic(#"{"type":"latency","toxicity":0.5,"attributes":{"latency":5,"jitter":2}}"#)
        let after = try before.updated(try JSON(parsing: Array(#"{"attributes":{"jitter":3}}"#.utf8)))
        #expect(after.effect == .latency(Latency(milliseconds: 5, jitter: 3)))
        #expect(after.toxicity == 0.5)
        let unaffected = try before.updated(try JSON(parsing: Array(#"{"toxicity":0}"#.utf8)))
        #expect(unaffected.toxicity == 0)
        #expect(unaffected.effect == before.effect)
    }

    @Test(arguments: [#"{"attributes":{"rate":3}}"#, #"{"attributes":{"jitter":-3}}"#, #"{"toxicity":2}"#, "7"])
    func `an update is held to the same rules`(text: String) throws {
        let before = try toxic(#"{"type":"latency"}"#)
        #expect(throws: APIFailure.self) { try before.updated(try JSON(parsing: Array(text.utf8))) }
    }
}
