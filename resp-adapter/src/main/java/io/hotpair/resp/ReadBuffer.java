package io.hotpair.resp;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.netty.channel.DefaultMaxMessagesRecvByteBufAllocator;
import org.jspecify.annotations.Nullable;

/**
 * The buffer into which one event loop reads from all its plain connections: they copy what arrived
 * before they return, so one is enough, and none is taken from a pool and given back for each read.
 * Used by the loop's thread.
 */
final class ReadBuffer extends DefaultMaxMessagesRecvByteBufAllocator implements AutoCloseable {
    private static final int LENGTH = 64 << 10;

    private @Nullable ByteBuf buffer;

    @Override
    @SuppressWarnings("deprecation") // The interface says so itself: its successor extends this.
    public Handle newHandle() {
        return new SharedHandle();
    }

    /** Frees the buffer, when the loop has ended. */
    @Override
    public void close() {
        ByteBuf present = buffer;
        if (present != null && present.refCnt() > 0) {
            boolean unused = present.release();
        }
    }

    private ByteBuf buffer() {
        ByteBuf present = buffer;
        // The library gives what was read back once more, if also logging an error has failed.
        if (present == null || present.refCnt() == 0) {
            // Of no pool, and without the samples that are taken to find buffers which were lost.
            present = new UnpooledByteBufAllocator(true, true).directBuffer(LENGTH, LENGTH);
            buffer = present;
        }
        return present;
    }

    private final class SharedHandle extends MaxMessageHandle {
        @Override
        public ByteBuf allocate(ByteBufAllocator allocator) {
            ByteBuf present = buffer();
            if (present.refCnt() != 1) {
                // Somebody keeps what was read last.
                return allocator.directBuffer(LENGTH);
            }
            return present.clear().retain();
        }

        @Override
        public int guess() {
            return LENGTH;
        }
    }
}
