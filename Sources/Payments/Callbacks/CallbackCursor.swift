/// Where a page of kept callbacks ended: the number that its last one was given when it was kept. It names a place, so that
/// callbacks may leave meanwhile, that one too.
package struct CallbackCursor: Sendable {
    package let number: Int64

    package init(number: Int64) { self.number = number }

    /// - Throws: `.unreadable` when no page gave such a one.
    package init(_ text: String) throws(StoreFailure) {
        guard let number = Int64(text), number > 0, String(number) == text else {
            throw StoreFailure(code: .unreadable, detail: "not a cursor of this store")
        }
        self.number = number
    }

    package var text: String { String(number) }
}
