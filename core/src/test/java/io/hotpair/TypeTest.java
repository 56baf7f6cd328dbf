package io.hotpair;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.file.Path;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

/**
 * What the tests of a type begin with: a keyspace with a log. After each test it is opened again,
 * and replay must give what was there.
 */
abstract class TypeTest {
    protected final Path directory = Path.of("memory", UUID.randomUUID().toString());
    protected Keyspace keyspace;

    protected static byte[] bytes(String text) {
        return text.getBytes(UTF_8);
    }

    protected static @Nullable String text(byte @Nullable [] bytes) {
        return bytes == null ? null : new String(bytes, UTF_8);
    }

    @BeforeEach
    void open() {
        keyspace =
                Keyspace.open(Keyspace.builder().directory(directory).maxMemory(64 << 20).build());
    }

    @AfterEach
    void closeAndReplay() {
        String digest = keyspace.digest();
        keyspace.close();
        open();
        assertEquals(digest, keyspace.digest(), "replay gives another state");
        keyspace.close();
    }
}
