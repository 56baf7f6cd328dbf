package io.hotpair.resp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.UnpooledByteBufAllocator;
import org.junit.jupiter.api.Test;

class ReadBufferTest {
    private static final UnpooledByteBufAllocator ALLOCATOR =
            new UnpooledByteBufAllocator(true, true);

    @Test
    @SuppressWarnings("deprecation") // See there.
    void isOneForAllUnlessSomebodyKeepsIt() {
        ReadBuffer shared = new ReadBuffer();
        ByteBuf first = shared.newHandle().allocate(ALLOCATOR);
        first.writeLong(1);
        boolean unusedFirst = first.release();

        ByteBuf second = shared.newHandle().allocate(ALLOCATOR);
        assertSame(first, second);
        assertEquals(0, second.readableBytes());
        second.writeLong(2);

        ByteBuf third = shared.newHandle().allocate(ALLOCATOR);
        assertNotSame(second, third);
        third.writeLong(3);
        assertEquals(2, second.readLong());
        boolean unusedSecond = second.release();
        boolean unusedThird = third.release();
        assertEquals(0, third.refCnt());

        shared.close();
        assertEquals(0, first.refCnt());
    }

    @Test
    @SuppressWarnings("deprecation") // See there.
    void isMadeAnewIfItWasGivenBackOnceTooOften() {
        ReadBuffer shared = new ReadBuffer();
        ByteBuf first = shared.newHandle().allocate(ALLOCATOR);
        boolean unusedFirst = first.release(2);

        ByteBuf second = shared.newHandle().allocate(ALLOCATOR);
        assertNotSame(first, second);
        boolean unusedSecond = second.release(2);
        shared.close();
        shared.close();
    }
}
