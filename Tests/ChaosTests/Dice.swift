import TestKit

/// Chance that a seed decides.
struct Dice: Sendable {
    private let random: SeededRandom

    init(seed: UInt64) { random = SeededRandom(seed: seed) }

    func happens(_ share: Double) -> Bool { random.unit() < share }

    func number(below bound: Int) -> Int { Int(random.unit() * Double(bound)) }

    func pick<Element>(_ elements: [Element]) -> Element { elements[number(below: elements.count)] }

    func duration(_ range: ClosedRange<Int>) -> Duration {
        .milliseconds(range.lowerBound + number(below: range.count))
    }
}
