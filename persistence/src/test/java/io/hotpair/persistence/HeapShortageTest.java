package io.hotpair.persistence;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.hotpair.Acknowledgement;
import io.hotpair.Keyspace;
import io.hotpair.KeyspaceConfig;
import io.hotpair.Session;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The application has taken the heap that the log needs for a long operation. */
class HeapShortageTest {
    private static final int MIB = 1 << 20;
    private static final int VALUE_LENGTH = 20 * MIB;
    private static final int FREE_MIB = 10;

    @TempDir Path directory;

    @Test
    void shouldLogAWriteWhenTheHeapHasRoomAgain() throws Exception {
        Path freed = directory.resolve("freed");
        List<String> flags = new ArrayList<>(ChildJvm.requiredFlags());
        flags.addAll(List.of("-Xmx72m", "-XX:+UseSerialGC"));
        try (ChildJvm child =
                ChildJvm.start(
                        flags,
                        HeapShortageTest.class,
                        directory.resolve("keyspace").toString(),
                        freed.toString())) {
            assertEquals("written, served, logged=false", child.await("written"));
            Files.createFile(freed);
            assertEquals("logged", child.await("logged"));
            child.kill();
            long told =
                    child.output().stream()
                            .filter(line -> line.contains("the Java heap has no room for"))
                            .count();
            assertEquals(1, told, () -> String.join("\n", child.output()));
        }
        try (Keyspace keyspace = Keyspace.open(config(directory.resolve("keyspace")))) {
            assertArrayEquals(value(), keyspace.get(key("long")));
            assertArrayEquals(key("2"), keyspace.get(key("behind")));
        }
    }

    /** Writes with little heap, until it is killed. */
    public static void main(String[] arguments) throws Exception {
        PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
        Keyspace keyspace = Keyspace.open(config(Path.of(arguments[0])));
        keyspace.at(Acknowledgement.DISK).put(key("first"), key("1"));
        byte[] value = value();
        List<byte[]> taken = new ArrayList<>();
        takeHeap(taken);
        keyspace.at(Acknowledgement.MEMORY).put(key("long"), value);
        Session session = keyspace.session();
        session.put(key("behind"), 0, 6, key("2"), 0, 1, Session.NEVER);
        AtomicBoolean logged = new AtomicBoolean();
        keyspace.whenAcknowledged(
                Acknowledgement.LOG, session.lastOpId(), session.lastTerm(), logged::set);
        // As often as the log tries, and once more.
        LockSupport.parkNanos(2_500_000_000L);
        boolean isServed = Arrays.equals(key("2"), keyspace.get(key("behind")));
        out.println("written, " + (isServed ? "served" : "lost") + ", logged=" + logged.get());
        while (!Files.exists(Path.of(arguments[1]))) {
            LockSupport.parkNanos(1_000_000);
        }
        taken.clear();
        keyspace.at(Acknowledgement.DISK).put(key("last"), key("3"));
        out.println("logged");
        Thread.currentThread().join();
    }

    /** Leaves less room than the log needs for the value, and more than all else needs. */
    private static void takeHeap(List<byte[]> taken) {
        try {
            while (true) {
                taken.add(new byte[MIB]);
            }
        } catch (OutOfMemoryError e) {
            taken.subList(taken.size() - FREE_MIB, taken.size()).clear();
        }
    }

    private static KeyspaceConfig config(Path keyspace) {
        return Keyspace.builder().directory(keyspace).maxMemory(256L * MIB).build();
    }

    private static byte[] value() {
        byte[] value = new byte[VALUE_LENGTH];
        for (int i = 0; i < VALUE_LENGTH; i++) {
            value[i] = (byte) (i ^ i >>> 11);
        }
        return value;
    }

    private static byte[] key(String name) {
        return name.getBytes(StandardCharsets.US_ASCII);
    }
}
