import Payments
import Testing

@Suite("A range of addresses")
struct AddressRangeTests {
    @Test(
        "holds the first and the last of its addresses and none beyond",
        arguments: [
            ("10.0.0.0/8", ["10.0.0.0", "10.255.255.255"], ["9.255.255.255", "11.0.0.0"]),
            ("192.168.4.0/22", ["192.168.4.0", "192.168.7.255"], ["192.168.3.255", "192.168.8.0"]),
            ("203.0.113.7", ["203.0.113.7"], ["203.0.113.6", "203.0.113.8"]),
            ("203.0.113.7/32", ["203.0.113.7"], ["203.0.113.6", "203.0.113.8"]),
            ("203.0.113.6/31", ["203.0.113.6", "203.0.113.7"], ["203.0.113.5", "203.0.113.8"]),
            ("128.0.0.0/1", ["128.0.0.0", "255.255.255.255"], ["127.255.255.255", "0.0.0.0"]),
            ("0.0.0.0/0", ["0.0.0.0", "255.255.255.255"], ["::", "::1", "2001:db8::1"]),
            ("2001:db8::/32", ["2001:db8::", "2001:DB8:ffff:ffff:ffff:ffff:ffff:ffff"], ["2001:db7:ffff::", "2001:db9::"]),
            ("2001:db8::1", ["2001:db8::1", "2001:0db8:0:0:0:0:0:1"], ["2001:db8::", "2001:db8::2"]),
            ("2001:db8::8/125", ["2001:db8::8", "2001:db8::f"], ["2001:db8::7", "2001:db8::10"]),
            ("fe80::/10", ["fe80::1", "febf::"], ["fec0::", "fe7f::"]),
            ("1:2:3:4:5:6:7:8/128", ["1:2:3:4:5:6:7:8"], ["1:2:3:4:5:6:7:9", "0:2:3:4:5:6:7:8"]),
            ("64:ff9b::192.0.2.0/120", ["64:ff9b::c000:2ff", "64:ff9b::192.0.2.1"], ["192.0.2.1", "64:ff9b::192.0.3.0"]),
        ] as [(String, [String], [String])])
    func holds(text: String, inside: [String], outside: [String]) throws {
        let range = try #require(AddressRange(text))
        #expect(range.description == text)
        for address in inside { #expect(range.contains(address), "\(address)") }
        for address in outside { #expect(!range.contains(address), "\(address)") }
    }

    @Test("counts an IPv4 address inside IPv6 as the IPv4 one, on either side")
    func mapped() throws {
        let ranges = try ["10.0.0.0/8", "::ffff:10.0.0.0/104", "::ffff:a00:0/104", "0:0:0:0:0:FFFF:10.0.0.0/104"].map {
            try #require(AddressRange($0))
        }
        for range in ranges {
            for address in ["10.1.2.3", "::ffff:10.1.2.3", "::ffff:a01:203", "0:0:0:0:0:ffff:10.1.2.3"] {
                #expect(range.contains(address), "\(range) \(address)")
            }
            for address in ["11.0.0.0", "::ffff:11.0.0.0", "::10.1.2.3", "::fffe:10.1.2.3", "::1:ffff:10.1.2.3"] {
                #expect(!range.contains(address), "\(range) \(address)")
            }
        }
        let all = try #require(AddressRange("::ffff:0:0/96"))
        #expect(all.contains("255.255.255.255"))
        #expect(!all.contains("::1"))
    }

    @Test(
        "of IPv6 holds no IPv4 address, however wide",
        arguments: [
            ("::/0", "::fffe:10.0.0.1"), ("::/80", "::fffe:10.0.0.1"), ("::fffe:0:0/95", "::fffe:10.0.0.1"),
            ("::/95", "::1:10.0.0.1"),
        ])
    func wide(text: String, inside: String) throws {
        let range = try #require(AddressRange(text))
        #expect(!range.contains("10.0.0.1"))
        #expect(!range.contains("::ffff:10.0.0.1"))
        #expect(range.contains(inside))
    }

    @Test(
        "is not read from anything that is not exactly one",
        arguments: [
            "", " ", "/", "/8", "10", "10.0.0", "10.0.0.0.0", "10.0.0.", ".10.0.0", "10..0.0", "10.0.0.256", "10.0.0.01",
            "010.0.0.1",
            "10.0.0.00", "10.0.0.-1", "10.0.0.+1", "10.0.0.1e0", "0x0a.0.0.1", "167772161", " 10.0.0.1", "10.0.0.1 ",
            "10.0.0.1\n",
            "１0.0.0.1", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/+8", "10.0.0.0/08", "10.0.0.0/8/8", "10.0.0.0/ 8",
            "10.0.0.0/8 ", "10.0.0.0/255.0.0.0", "10.0.0.0/999999999999999999999", "10.0.0.0/a", "10.0.0.0:80", "localhost", "*",
            "10.0.0.*", "10.0.0.0-10.0.0.9", "10.0.0.1,10.0.0.2", ":", ":::", "::1::", "1::2::3", ":1", "1:", ":1::", "::1:",
            "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "1:2:3:4:5:6:7::8", "::1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8::", "12345::", "g::",
            "+1::", "-1::", "::+1", "0x1::", "::1%eth0", "fe80::1%1/64", "[::1]", "[::1]:80", "::1/129", "::1/", "::/ 0", "::/00",
            "::10.0.0", "::10.0.0.256", "::10.0.0.01", "10.0.0.1::", "10.0.0.1:1::", "1:2:3:4:5:6:7:10.0.0.1",
            "1:2:3:4:5:10.0.0.1",
            "::10.0.0.1:1", "::ffff:10.0.0.0/129", "::\u{301}", "1\u{301}::", "0000:0000:0000:0000:0000:ffff:255.255.255.2550",
        ])
    func refused(text: String) {
        #expect(AddressRange(text) == nil)
    }

    @Test(
        "sets no bit beyond its prefix",
        arguments: [
            "10.0.0.1/8", "10.0.0.1/31", "0.0.0.1/0", "128.0.0.0/0", "192.168.4.0/21", "2001:db8::1/32", "::1/0", "::1/127",
            "8000::/0", "::ffff:10.0.0.1/104", "::ffff:10.0.0.0/8", "::ffff:0:0/95",
        ])
    func stray(text: String) {
        #expect(AddressRange(text) == nil)
    }

    @Test(
        "holds nothing that is no address",
        arguments: ["", "10.0.0.0/8", "10.0.0.1:80", "10.0.0.1%1", "::1%lo", "unix", "10.0.0.01", "0.0.0.0/0"])
    func garbage(address: String) throws {
        for text in ["0.0.0.0/0", "::/0"] { #expect(try !#require(AddressRange(text)).contains(address)) }
    }
}
