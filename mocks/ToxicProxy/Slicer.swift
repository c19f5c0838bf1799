import NIOCore

/// Cuts what comes into small pieces.
struct Slicer: Sendable, Equatable {
    /// Bytes, at least 1.
    let averageSize: Int
    /// Bytes by which a piece may be longer or shorter; less than the average.
    let sizeVariation: Int
    /// Microseconds after each piece.
    let delay: Int

    /// The sizes of the pieces that so many bytes are cut into; the last is what is left.
    func pieces(of count: Int, _ dice: inout Dice) -> [Int] {
        var pieces: [Int] = []
        var rest = count
        while rest > 0 {
            let size = min(rest, averageSize + dice.deviation(sizeVariation))
            pieces.append(size)
            rest -= size
        }
        return pieces
    }
}
