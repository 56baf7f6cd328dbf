package io.hotpair.benchmarks.compare;

import static io.hotpair.benchmarks.compare.CollectionsSection.plain;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.hotpair.HashOperations;
import io.hotpair.Keyspace;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.nio.charset.StandardCharsets;
import java.util.EnumSet;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class CollectionsSectionTest {
    private final ByteArrayOutputStream printed = new ByteArrayOutputStream();
    private final PrintStream out = new PrintStream(printed, true, StandardCharsets.UTF_8);
    private final Report report = new Report(out, out);

    @BeforeEach
    void shouldHaveSomethingToCompareWith() {
        String lacking = RedisServer.lacking();
        assumeTrue(lacking == null, lacking);
    }

    @Test
    void shouldCompareEveryCommandAtEverySize() {
        EnumSet<CollectionCommand> all = EnumSet.allOf(CollectionCommand.class);
        compare(section(List.of(5, 300), all), Integer.MAX_VALUE);
        String text = text();
        assertFalse(text.contains("skipped"), text);
        for (CollectionCommand command : all) {
            for (int size : List.of(5, 300)) {
                String name = "\n  " + command.label() + "." + size + "/redis ";
                assertTrue(text.contains(name), name + " is not in " + text);
            }
        }
    }

    @Test
    void shouldLeaveOutWhatIsAnsweredWrongly() {
        shouldLeaveOutHget(0, "a wrong answer: null, expected ");
    }

    @Test
    void shouldLeaveOutWhatLosesElementsLater() {
        shouldLeaveOutHget(1_050, "WrongAnswer: hget.20 has lost an element");
    }

    private void shouldLeaveOutHget(int remembered, String why) {
        compare(
                section(List.of(20), EnumSet.of(CollectionCommand.HSET, CollectionCommand.HGET)),
                remembered);
        String text = text();
        int skipped = text.indexOf("skipped: hget.20: ");
        assertTrue(skipped >= 0 && text.indexOf(why, skipped) > 0, text);
        assertFalse(text.contains("hget.20/redis"), text);
        assertTrue(text.contains("hset.20/redis"), text);
    }

    @Test
    void shouldReadEveryKindOfReply() {
        try (RedisServer redis = RedisServer.start()) {
            RedisConnection connection = redis.connection();
            assertEquals("2", connection.command("RPUSH", "list", "first", "second"));
            connection.send(CollectionCommand.words("LRANGE", "list", 0, -1));
            connection.send(CollectionCommand.words("SMISMEMBER", "absent", 1, 2));
            connection.send(CollectionCommand.words("HMGET", "absent", "field"));
            connection.flush();
            assertEquals(List.of("first", "second"), plain(connection.anyReply()));
            assertEquals(List.of("0", "0"), plain(connection.anyReply()));
            assertEquals(List.of("null"), plain(connection.anyReply()));
            assertThrows(IllegalStateException.class, () -> connection.command("HGET", "list"));
        }
    }

    private CollectionsSection section(List<Integer> sizes, EnumSet<CollectionCommand> commands) {
        CollectionsSection.Plan plan =
                new CollectionsSection.Plan(sizes, commands, 2, 100, Long.MAX_VALUE);
        return new CollectionsSection(plan, report);
    }

    private static void compare(CollectionsSection section, int remembered) {
        try (RedisServer redis = RedisServer.start();
                Keyspace keyspace = section.open()) {
            CollectionCaller caller = CollectionCaller.of(keyspace.session());
            section.compare(redis, forgetting(caller, remembered));
        }
    }

    /** One that finds fields of a hash so many times, and then no more. */
    private static CollectionCaller forgetting(CollectionCaller caller, int remembered) {
        AtomicInteger reads = new AtomicInteger();
        Object hashes =
                Proxy.newProxyInstance(
                        HashOperations.class.getClassLoader(),
                        new Class<?>[] {HashOperations.class},
                        (proxy, method, arguments) -> {
                            try {
                                return method.getName().equals("hget")
                                                && reads.incrementAndGet() > remembered
                                        ? null
                                        : method.invoke(caller.hashes(), arguments);
                            } catch (InvocationTargetException e) {
                                throw e.getCause();
                            }
                        });
        return new CollectionCaller(
                (HashOperations) hashes, caller.sets(), caller.sortedSets(), caller.lists());
    }

    private String text() {
        report.print();
        return printed.toString(StandardCharsets.UTF_8);
    }
}
