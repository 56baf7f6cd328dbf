package io.hotpair.resp;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.netty.channel.DefaultMaxMessagesRecvByteBufAllocator;

/**
 * The buffer into which one event loop reads from all its plain connections: they copy what arrived
 * before they return, so one is enough, and none is taken from a pool and given back for each read.
 * Used by the loop's thread.
 */
final class ReadBuffer extends DefaultMaxMessagesRecvByteBufAllocator implements AutoCloseable {
    private static final int LENGTH = 64 << 10;

    // Of no pool, and without the samples that the library takes to find buffers which were lost.
    private final ByteBuf buffer =
            new UnpooledByteBufAllocator(true, true).directBuffer(LENGTH, LENGTH);

    @Override
    @SuppressWarnings("deprecation") // The interface says so itself: its successor extends this.
    public Handle newHandle() {
        return new SharedHandle();
    }

    /** Frees the buffer, when the loop has ended. */
    @Override
    public void close() {
        boolean unused = buffer.release();
    }

    private final class SharedHandle extends MaxMessageHandle {
        @Override
        public ByteBuf allocate(ByteBufAllocator allocator) {
            if (buffer.refCnt() != 1) {
                // Somebody keeps what was read last.
                return allocator.directBuffer(LENGTH);
            }
            return buffer.clear().retain();
        }

        @Override
        public int guess() {
            return LENGTH;
        }
    }
}
