package io.hotpair.resp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.hotpair.Keyspace;
import io.hotpair.PersistenceStatus;
import io.hotpair.SavedSnapshot;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** SAVE and its kin, on a keyspace that saves when the test says so. */
class SaveCommandsTest {
    private static final String IN_PROGRESS = "-ERR Background save already in progress\r\n";
    private static final String STARTED = "+Background saving started\r\n";
    private static final SavedSnapshot SAVED =
            new SavedSnapshot(1, 7, Instant.ofEpochSecond(5_000_000_000L), Path.of("s"), 10, 1);

    private final ScriptedKeyspace keyspace = new ScriptedKeyspace().acknowledgesAtOnce(true);
    private final RespListener listener = keyspace.listen(config -> config.eventLoopThreads(1));
    private final RawClient client = new RawClient(listener.port());
    private final RawClient other = new RawClient(listener.port());

    @BeforeEach
    void write() {
        assertEquals("+OK\r\n", client.call("SET", "a", "1"));
    }

    @AfterEach
    void close() {
        other.close();
        client.close();
        listener.close();
        keyspace.close();
    }

    private void awaitSavings(int count) {
        Await.until(() -> keyspace.savings().size() == count, () -> keyspace.savings().size());
    }

    private static PersistenceStatus savingSince(Instant since) {
        return new PersistenceStatus(null, false, null, since, 0, null, null, null, null, null);
    }

    @Test
    void shouldAnswerSaveWhenItIsOnTheDevice() {
        client.send(RawClient.command("SAVE"));
        awaitSavings(1);
        assertTrue(client.isSilentFor(50));
        assertEquals("$1\r\n1\r\n", other.call("GET", "a"));
        keyspace.savings().get(0).complete(SAVED);
        assertEquals("+OK\r\n", client.reply());
    }

    @Test
    void shouldSayWhySavingFailed() {
        client.send(RawClient.command("SAVE"));
        awaitSavings(1);
        keyspace.savings().get(0).completeExceptionally(new IllegalStateException("no room"));
        assertEquals("-ERR no room\r\n", client.reply());
        assertEquals("+PONG\r\n", client.call("PING"));
    }

    @Test
    void shouldRefuseASecondOneMeanwhile() {
        assertEquals(STARTED, client.call("BGSAVE"));
        assertEquals(IN_PROGRESS, client.call("BGSAVE"));
        assertEquals(IN_PROGRESS, other.call("SAVE"));
        assertEquals(
                "+Background append only file rewriting scheduled\r\n",
                client.call("BGREWRITEAOF"));
        keyspace.savings().get(1).complete(SAVED);
        assertEquals(STARTED, client.call("BGSAVE", "schedule"));
    }

    @Test
    void shouldScheduleOneWhileTheLogIsRewritten() {
        assertEquals(
                "+Background append only file rewriting started\r\n", client.call("BGREWRITEAOF"));
        assertEquals(
                "-ERR Another child process is active (AOF?): can't BGSAVE right now. Use BGSAVE"
                        + " SCHEDULE in order to schedule a BGSAVE whenever possible.\r\n",
                client.call("BGSAVE"));
        assertEquals("+Background saving scheduled\r\n", client.call("BGSAVE", "SCHEDULE"));
        assertEquals(IN_PROGRESS, client.call("BGSAVE", "SCHEDULE"));
        assertEquals(2, keyspace.savings().size());
    }

    @Test
    void shouldRefuseOneWhileTheKeyspaceSavesOneByItself() {
        keyspace.persistenceStatus(savingSince(Instant.EPOCH));
        assertEquals(IN_PROGRESS, client.call("BGSAVE"));
        assertTrue(client.call("INFO", "persistence").contains("rdb_bgsave_in_progress:1\r\n"));
        assertEquals(List.of(), keyspace.savings());
    }

    @Test
    void shouldScheduleInsideOfATransaction() {
        assertEquals("+OK\r\n", client.call("MULTI"));
        assertEquals("+QUEUED\r\n", client.call("BGSAVE"));
        assertEquals("*1\r\n+Background saving scheduled\r\n", client.call("EXEC"));
        assertEquals(1, keyspace.savings().size());
    }

    @Test
    void shouldMoveLastSaveOnEvenIfNothingWasNew() {
        String before = client.call("LASTSAVE");
        client.send(RawClient.command("SAVE"));
        awaitSavings(1);
        keyspace.persistenceStatus(
                new PersistenceStatus(
                        null,
                        false,
                        SAVED,
                        null,
                        1,
                        Duration.ofMillis(2_500),
                        null,
                        null,
                        null,
                        null));
        keyspace.savings().get(0).complete(SAVED);
        assertEquals("+OK\r\n", client.reply());
        assertEquals(":5000000000\r\n", client.call("LASTSAVE"));
        assertTrue(before.compareTo(client.call("LASTSAVE")) < 0);
        String info = client.call("INFO", "persistence");
        assertTrue(info.contains("rdb_last_save_time:5000000000\r\n"), info);
        assertTrue(info.contains("rdb_last_bgsave_time_sec:2\r\n"), info);
    }

    @Test
    void shouldTellInInfoWhatIsWrong() {
        keyspace.persistenceStatus(
                new PersistenceStatus(
                        "no room", true, null, null, 0, null, "no room", null, null, "no target"));
        String info = client.call("INFO", "persistence");
        assertTrue(info.contains("aof_last_write_status:err\r\n"), info);
        assertTrue(info.contains("rdb_last_bgsave_status:err\r\n"), info);
        assertTrue(info.contains("loading:1\r\n"), info);
        assertTrue(info.contains("backup_last_status:err\r\n"), info);
    }

    @Test
    void shouldRefuseToSaveWhatIsInMemoryOnly() {
        try (Keyspace inMemory =
                        Keyspace.open(Keyspace.builder().inMemory().maxMemory(8 << 20).build());
                RespListener itsListener =
                        RespListener.open(inMemory, RespConfig.builder().port(0).build());
                RawClient itsClient = new RawClient(itsListener.port())) {
            for (String command : List.of("SAVE", "BGSAVE", "BGREWRITEAOF")) {
                assertEquals(
                        "-ERR this keyspace is in memory only: there is nowhere to save it\r\n",
                        itsClient.call(command));
            }
        }
    }
}
