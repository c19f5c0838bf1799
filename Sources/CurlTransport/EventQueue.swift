internal import CCurl
internal import Glibc

/// An eventfd by which any task wakes the thread.
final class Wakeup: Sendable {
    let descriptor: Int32

    init?() {
        descriptor = eventfd(0, Int32(EFD_CLOEXEC) | Int32(EFD_NONBLOCK))
        guard descriptor >= 0 else { return nil }
    }

    deinit { _ = Glibc.close(descriptor) }

    func signal() {
        var one: UInt64 = 1
        // Fails only when the counter is full, and then the thread is awake.
        _ = unsafe write(descriptor, &one, MemoryLayout<UInt64>.size)
    }

    func reset() {
        var count: UInt64 = 0
        _ = unsafe read(descriptor, &count, MemoryLayout<UInt64>.size)
    }
}

/// The epoll instance on which the thread waits for sockets and for `Wakeup`.
final class EventQueue: Sendable {
    struct Readiness {
        var tag: Tag
        var readable: Bool
        var writable: Bool
        var failed: Bool
    }

    /// Which pool's socket an event belongs to. It travels through the kernel, so that a late event for a descriptor that has
    /// meanwhile passed to another pool reaches the old one, which ignores it.
    struct Tag {
        var pool: UInt32
        var descriptor: Int32

        /// Pools are numbered from 1.
        static let wakeup = Tag(pool: 0, descriptor: 0)

        var packed: UInt64 { UInt64(pool) << 32 | UInt64(UInt32(bitPattern: descriptor)) }

        init(pool: UInt32, descriptor: Int32) {
            self.pool = pool
            self.descriptor = descriptor
        }

        init(packed: UInt64) {
            pool = UInt32(packed >> 32)
            descriptor = Int32(bitPattern: UInt32(truncatingIfNeeded: packed))
        }
    }

    /// Few enough that they need no memory but the stack's (a kilobyte); what else is ready is told the next time.
    private static let batch = 64
    private let descriptor: Int32

    init?(waking wakeup: Wakeup) {
        descriptor = epoll_create1(Int32(EPOLL_CLOEXEC))
        guard descriptor >= 0, add(wakeup.descriptor, events: EPOLLIN.rawValue, tag: .wakeup) else { return nil }
    }

    deinit { _ = Glibc.close(descriptor) }

    /// libcurl asks for a socket once for most exchanges, and so to add it is tried first.
    func watch(_ tag: Tag, readable: Bool, writable: Bool) {
        let events = (readable ? EPOLLIN.rawValue : 0) | (writable ? EPOLLOUT.rawValue : 0)
        guard !add(tag.descriptor, events: events, tag: tag) else { return }
        var event = unsafe epoll_event(events: events, data: epoll_data_t(u64: tag.packed))
        _ = unsafe epoll_ctl(descriptor, EPOLL_CTL_MOD, tag.descriptor, &event)
    }

    /// The kernel has forgotten a closed descriptor already; that is no error.
    func forget(_ socket: Int32) { _ = epoll_ctl(descriptor, EPOLL_CTL_DEL, socket, nil) }

    /// - Parameter timeout: milliseconds; -1 waits for ever.
    func wait(timeout: Int32, handle: (Readiness) -> Void) {
        unsafe withUnsafeTemporaryAllocation(of: epoll_event.self, capacity: Self.batch) { buffer in
            let count = unsafe epoll_wait(descriptor, buffer.baseAddress, Int32(Self.batch), timeout)
            for index in 0..<max(0, Int(count)) { handle(unsafe Self.readiness(buffer[index])) }
        }
    }

    private func add(_ socket: Int32, events: UInt32, tag: Tag) -> Bool {
        var event = unsafe epoll_event(events: events, data: epoll_data_t(u64: tag.packed))
        return unsafe epoll_ctl(descriptor, EPOLL_CTL_ADD, socket, &event) == 0
    }

    private static func readiness(_ event: epoll_event) -> Readiness {
        let events = unsafe event.events
        return Readiness(
            tag: unsafe Tag(packed: event.data.u64), readable: events & (EPOLLIN.rawValue | EPOLLHUP.rawValue) != 0,
            writable: events & EPOLLOUT.rawValue != 0, failed: events & EPOLLERR.rawValue != 0)
    }
}
