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

        // So much is added where it is parted into fragments, and put together again.
        assertTrue((long) Effects.MAX_LENGTH + 2 * FrameDescriptor.MAX_LENGTH <= Integer.MAX_VALUE);
    }
}
