package io.hotpair.internal;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.hotpair.log.FrameDescriptor;
import org.junit.jupiter.api.Test;

class EffectsTest {
    /** Else its length in the log's frame would be a negative one. */
    @Test
    void shouldRefuseWhatNoFrameCanHold() {
        byte[] none = new byte[0];
        int used = Effects.MAX_LENGTH - 100;

        assertThrows(IllegalArgumentException.class, () -> Effects.grown(none, used, 101));

        assertTrue(Effects.MAX_LENGTH + FrameDescriptor.HEADER_LENGTH > 0);
        assertTrue(Effects.MAX_LENGTH + FrameDescriptor.HEADER_LENGTH <= Integer.MAX_VALUE - 8);
    }
}
