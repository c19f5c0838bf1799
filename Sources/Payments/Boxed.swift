/// Keeps a large value behind a reference, and copies it when it is changed while somebody else refers to it.
///
/// A payment's record has some thirty fields. In line it lay in the frame of every function that waits, several times for each
/// payment in flight, and was copied at each step (docs/performance.md).
@propertyWrapper
public struct Boxed<Value: Sendable>: Sendable {
    private final class Box: @unchecked Sendable {  // changed only while one holder alone refers to it
        var value: Value

        init(_ value: Value) { self.value = value }
    }

    private var box: Box

    public init(wrappedValue: Value) { box = Box(wrappedValue) }

    public var wrappedValue: Value {
        _read { yield box.value }
        _modify {
            if !isKnownUniquelyReferenced(&box) { box = Box(box.value) }
            yield &box.value
        }
    }

    /// Itself, to be handed on without a copy.
    public var projectedValue: Boxed {
        get { self }
        set { self = newValue }
    }
}

extension Boxed: Equatable where Value: Equatable {
    public static func == (left: Boxed, right: Boxed) -> Bool { left.box === right.box || left.box.value == right.box.value }
}
