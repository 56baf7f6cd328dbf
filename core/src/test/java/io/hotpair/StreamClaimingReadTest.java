package io.hotpair;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Reading for a group with what others left pending, and the wait for that. */
@Timeout(60)
class StreamClaimingReadTest extends TypeTest {
    private static final Duration FOR_EVER = Duration.ZERO;
    private static final Duration MINUTE = Duration.ofMinutes(1);
    private static final Duration SOON = Duration.ofMillis(150);
    private static final byte[] KEY = bytes("s");
    private static final byte[] OTHER = bytes("t");
    private static final byte[] GROUP = bytes("g");
    private static final byte[] ANN = bytes("ann");
    private static final byte[] BOB = bytes("bob");
    private static final StreamGroupRead ALL = StreamGroupRead.all();
    private static final StreamPosition NEW = StreamPosition.undelivered(KEY);

    private StreamOperations streams;

    @BeforeEach
    void openStreams() {
        streams = keyspace.streams();
        for (byte[] key : List.of(KEY, OTHER)) {
            boolean unused = streams.xgroupCreate(key, GROUP, null, true, 0);
        }
    }

    private static StreamId id(long timeMs) {
        return new StreamId(timeMs, 0);
    }

    private void add(byte[] key, long... timesMs) {
        for (long timeMs : timesMs) {
            StreamId unused = streams.xadd(key, StreamAdd.at(id(timeMs)), bytes("f"), bytes("v"));
        }
    }

    /** Has Ann read what is new, and not acknowledge it. */
    private void readByAnn() {
        assertFalse(
                streams.xreadGroup(GROUP, ANN, ALL, NEW, StreamPosition.undelivered(OTHER))
                        .isEmpty());
    }

    /** Makes it so long ago that an entry was delivered. */
    private void age(long timeMs, Duration idle) {
        StreamClaim how = StreamClaim.idleFor(Duration.ZERO).idle(idle);
        assertEquals(List.of(id(timeMs)), streams.xclaimJustId(KEY, GROUP, ANN, how, id(timeMs)));
    }

    private List<StreamBatch> read(StreamGroupRead how, StreamPosition... positions) {
        return streams.xreadGroup(GROUP, BOB, how, positions);
    }

    /** Ids, how many minutes idle, and how often they were delivered. */
    private static String told(List<StreamBatch> batches) {
        StringBuilder text = new StringBuilder();
        for (StreamBatch batch : batches) {
            text.append(text(batch.key())).append(':');
            for (int i = 0; i < batch.entries().size(); i++) {
                text.append(' ').append(batch.entries().get(i).id().timeMs());
                if (!batch.deliveries().isEmpty()) {
                    StreamDelivery before = batch.deliveries().get(i);
                    text.append('/').append(before.idle().toMinutes());
                    text.append('/').append(before.count());
                }
            }
            text.append("; ");
        }
        return text.toString();
    }

    /** Ids, who owns them, and how often they were delivered. */
    private String pending() {
        StringBuilder text = new StringBuilder();
        for (StreamPending each : pendings()) {
            text.append(each.id().timeMs()).append(text(each.consumer()));
            text.append(each.deliveries()).append(' ');
        }
        return text.toString();
    }

    private List<StreamPending> pendings() {
        return streams.xpending(KEY, GROUP, StreamRange.all(), Duration.ZERO, null);
    }

    @Test
    void shouldDeliverWhatIsIdleLongestFirstAndThenWhatIsNew() {
        add(KEY, 1, 2, 3, 4);
        readByAnn();
        age(1, MINUTE.multipliedBy(5));
        age(2, MINUTE.multipliedBy(9));
        age(4, MINUTE.multipliedBy(7));
        add(KEY, 5, 6);
        StreamGroupRead how = ALL.claiming(MINUTE.multipliedBy(5));
        assertEquals("s: 2/9/1 4/7/1; ", told(read(how.limit(2), NEW)));
        assertEquals("1ann1 2bob2 3ann1 4bob2 ", pending());
        assertEquals("s: 1/5/1 5/0/0; ", told(read(how.limit(2), NEW)));
        assertEquals("s: 6/0/0; ", told(read(how, NEW)));
        assertEquals("1bob2 2bob2 3ann1 4bob2 5bob1 6bob1 ", pending());
        long opId = keyspace.statistics().lastOpId();
        assertEquals("", told(read(how, NEW)));
        assertEquals(opId, keyspace.statistics().lastOpId());
        // Of one millisecond, in the order of the ids; one's own as well.
        assertEquals(6, read(ALL.claiming(Duration.ZERO), NEW).get(0).entries().size());
        assertEquals("1bob3 2bob3 3bob2 4bob3 5bob2 6bob2 ", pending());
    }

    @Test
    void shouldLeaveAloneWhatIsPendingAndNoEntry() {
        add(KEY, 1, 2, 3);
        readByAnn();
        for (long each = 1; each <= 3; each++) {
            age(each, MINUTE);
        }
        assertEquals(2, streams.xdel(KEY, id(1), id(3)));
        assertEquals("s: 2/1/1; ", told(read(ALL.limit(1).claiming(MINUTE), NEW)));
        assertEquals("", told(read(ALL.claiming(MINUTE), NEW)));
        assertEquals("1ann1 2bob2 3ann1 ", pending());
    }

    @Test
    void shouldKeepPendingWhatItClaimsThoughItAcknowledgesWhatIsNew() {
        add(KEY, 1);
        readByAnn();
        add(KEY, 2);
        StreamGroupRead how = ALL.acknowledging().claiming(Duration.ZERO);
        assertEquals("s: 1/0/1 2/0/0; ", told(read(how, NEW)));
        assertEquals("1bob2 ", pending());
    }

    @Test
    void shouldDeliverAnewWhatIsPendingInAGroupThatWasSetBack() {
        add(KEY, 1, 2);
        readByAnn();
        age(2, MINUTE);
        streams.xgroupSetId(KEY, GROUP, StreamId.MIN, StreamOperations.UNKNOWN);
        assertEquals("s: 2/1/1 1/0/0 2/0/0; ", told(read(ALL.claiming(MINUTE), NEW)));
        assertEquals("1bob1 2bob1 ", pending());
    }

    @Test
    void shouldClaimInEachStreamUpToOneThatIsReadAgain() {
        add(KEY, 1);
        add(OTHER, 2);
        readByAnn();
        StreamGroupRead how = ALL.claiming(Duration.ZERO);
        StreamPosition other = StreamPosition.undelivered(OTHER);
        assertEquals("s: 1/0/1; t: 2/0/1; ", told(read(how, NEW, other)));
        add(OTHER, 3);
        StreamPosition again = StreamPosition.after(KEY, StreamId.MIN);
        assertEquals("s: 1; t: 3; ", told(read(how, again, other)));
        assertEquals("s: 1; ", told(read(how, again)));
        assertEquals("t: 2/0/2 3/0/1; s: 1; ", told(read(how, other, again)));
    }

    @Test
    void shouldRefuseWhatMakesNoSense() {
        assertThrows(IllegalArgumentException.class, () -> ALL.claiming(Duration.ofMillis(-1)));
        assertThrows(IllegalArgumentException.class, () -> ALL.limit(-1));
        StreamGroupRead longest = ALL.claiming(Duration.ofSeconds(Long.MAX_VALUE));
        add(KEY, 1);
        readByAnn();
        assertEquals("", told(read(longest, NEW)));
    }

    @Test
    void shouldFindTheOldestOfMany() {
        Random random = new Random(20_261_123);
        for (long i = 1; i <= 1_500; i++) {
            add(KEY, i);
        }
        readByAnn();
        for (long i = 1; i <= 1_500; i++) {
            age(i, Duration.ofSeconds(random.nextInt(4_000)));
        }
        for (int i = 0; i < 100; i++) {
            assertTrue(streams.xdel(KEY, id(1L + random.nextInt(1_500))) <= 1);
        }
        Duration least = Duration.ofSeconds(1_000);
        List<StreamId> expected = new ArrayList<>();
        pendings().stream()
                .filter(each -> each.idle().compareTo(least) >= 0)
                .filter(
                        each ->
                                !streams.xrange(KEY, StreamRange.of(each.id(), each.id()))
                                        .isEmpty())
                .sorted(
                        Comparator.comparing(StreamPending::deliveredAt)
                                .thenComparing(StreamPending::id))
                .forEach(each -> expected.add(each.id()));
        List<StreamId> found = new ArrayList<>();
        List<StreamBatch> batches = read(ALL.limit(300).claiming(least), NEW);
        while (!batches.isEmpty()) {
            batches.get(0).entries().forEach(each -> found.add(each.id()));
            batches = read(ALL.limit(300).claiming(least), NEW);
        }
        assertTrue(expected.size() > 900, expected::toString);
        assertEquals(expected, found.subList(0, expected.size()));
    }

    // ---- waiting

    private CompletableFuture<List<StreamBatch>> waiting(byte[] consumer, Duration minIdle) {
        return streams.xreadGroupAsync(
                FOR_EVER,
                GROUP,
                consumer,
                ALL.claiming(minIdle),
                NEW,
                StreamPosition.undelivered(OTHER));
    }

    private static String got(CompletableFuture<List<StreamBatch>> future) throws Exception {
        return told(future.get(20, TimeUnit.SECONDS));
    }

    @Test
    void shouldEndAWaitWhenSomethingIsIdleLongEnoughThoughNothingChanges() throws Exception {
        add(KEY, 1, 2);
        readByAnn();
        Instant delivered = pendings().get(0).deliveredAt();
        assertEquals("s: 1/0/1 2/0/1; ", got(waiting(BOB, SOON)));
        Instant claimed = pendings().get(0).deliveredAt();
        assertFalse(claimed.isBefore(delivered.plus(SOON)), delivered + " " + claimed);
        List<StreamBatch> batches =
                streams.xreadGroup(FOR_EVER, GROUP, ANN, ALL.claiming(SOON), NEW);
        assertEquals("s: 1/0/2 2/0/2; ", told(batches));
        assertTrue(batches.get(0).deliveries().get(0).idle().compareTo(SOON) >= 0);
        assertEquals(List.of(), streams.xreadGroup(SOON, GROUP, ANN, ALL.claiming(MINUTE), NEW));
    }

    @Test
    void shouldClaimWhatIsDeliveredToAnotherDuringTheWait() throws Exception {
        CompletableFuture<List<StreamBatch>> waiting = waiting(BOB, SOON);
        // In one step, so that only what is pending is left for who waits.
        keyspace.transaction(
                view -> {
                    StreamOperations inside = view.streams();
                    StreamId unused = inside.xadd(KEY, StreamAdd.at(id(1)), bytes("f"), bytes("v"));
                    return inside.xreadGroup(GROUP, ANN, ALL, NEW);
                });
        assertEquals("s: 1/0/1; ", got(waiting));
        assertEquals("1bob2 ", pending());
    }

    @Test
    void shouldGoOnWaitingWhenWhatWasPendingIsAcknowledged() throws Exception {
        add(KEY, 1, 2);
        readByAnn();
        age(1, Duration.ofSeconds(1));
        Duration aBitMore = Duration.ofMillis(1_200);
        CompletableFuture<List<StreamBatch>> waiting = waiting(BOB, aBitMore);
        assertEquals(1, streams.xack(KEY, GROUP, id(1)));
        assertEquals("s: 2/0/1; ", got(waiting));
    }

    @Test
    void shouldClaimDuringTheWaitThoughAllThatWasPendingIsGone() throws Exception {
        add(KEY, 1);
        readByAnn();
        assertEquals(1, streams.xdel(KEY, id(1)));
        CompletableFuture<List<StreamBatch>> waiting = waiting(BOB, SOON);
        Instant delivered =
                keyspace.transaction(
                        view -> {
                            StreamOperations inside = view.streams();
                            StreamAdd second = StreamAdd.at(id(2));
                            StreamId unused = inside.xadd(KEY, second, bytes("f"), bytes("v"));
                            assertFalse(inside.xreadGroup(GROUP, ANN, ALL, NEW).isEmpty());
                            return inside.xpending(
                                            KEY, GROUP, StreamRange.all(), Duration.ZERO, null)
                                    .get(1)
                                    .deliveredAt();
                        });
        assertEquals("s: 2/0/1; ", got(waiting));
        Instant claimed = pendings().get(1).deliveredAt();
        assertFalse(claimed.isBefore(delivered.plus(SOON)), delivered + " " + claimed);
        assertEquals("1ann1 2bob2 ", pending());
    }

    /** If each acknowledgement looked at all that is pending, this would take minutes. */
    @Test
    void shouldNotLookAtAllThatIsGoneWheneverSomethingChanges() {
        int count = 40_000;
        for (long i = 1; i <= count; i++) {
            add(KEY, i);
        }
        readByAnn();
        StreamTrim all = StreamTrim.toLength(0);
        assertEquals(count, streams.xtrim(KEY, all));
        CompletableFuture<List<StreamBatch>> waiting = waiting(BOB, MINUTE.multipliedBy(5));
        for (long i = 1; i <= count; i++) {
            assertEquals(1, streams.xack(KEY, GROUP, id(i)));
        }
        assertFalse(waiting.isDone());
        assertTrue(waiting.cancel(false));
    }

    @Test
    void shouldClaimInAStreamThatTakesTheKeysPlace() throws Exception {
        CompletableFuture<List<StreamBatch>> first = waiting(BOB, MINUTE);
        replaceByOneThatIsPending(1);
        // Nothing was pending, so every change is looked at.
        assertEquals("s: 1/5/1; ", got(first));
        CompletableFuture<List<StreamBatch>> second = waiting(BOB, MINUTE);
        replaceByOneThatIsPending(2);
        add(KEY, 3);
        assertEquals("s: 2/5/1 3/0/0; ", got(second));
    }

    /** Has the key hold another stream, of which an entry is pending for five minutes. */
    private void replaceByOneThatIsPending(long timeMs) {
        byte[] key = bytes("u");
        boolean unused = streams.xgroupCreate(key, GROUP, null, true, 0);
        add(key, timeMs);
        StreamPosition there = StreamPosition.undelivered(key);
        assertFalse(streams.xreadGroup(GROUP, ANN, ALL, there).isEmpty());
        StreamClaim how = StreamClaim.idleFor(Duration.ZERO).idle(MINUTE.multipliedBy(5));
        assertEquals(1, streams.xclaimJustId(key, GROUP, ANN, how, id(timeMs)).size());
        assertTrue(keyspace.keys().rename(key, KEY));
    }

    @Test
    void shouldServeEachOfThoseWhoWaitWhateverTheOthersLookFor() throws Exception {
        add(KEY, 1, 2);
        readByAnn();
        CompletableFuture<List<StreamBatch>> plain =
                streams.xreadGroupAsync(FOR_EVER, GROUP, ANN, ALL, NEW);
        CompletableFuture<List<StreamBatch>> patient = waiting(ANN, MINUTE);
        CompletableFuture<List<StreamBatch>> first =
                streams.xreadGroupAsync(FOR_EVER, GROUP, BOB, ALL.limit(1).claiming(SOON), NEW);
        CompletableFuture<List<StreamBatch>> second = waiting(BOB, SOON);
        assertEquals("s: 1/0/1; ", got(first));
        assertEquals("s: 2/0/1; ", got(second));
        assertFalse(plain.isDone());
        assertFalse(patient.isDone());
        // What is new is for those who came first.
        add(KEY, 3);
        assertEquals("s: 3; ", got(plain));
        assertFalse(patient.isDone());
        add(OTHER, 4);
        assertEquals("t: 4/0/0; ", got(patient));
    }

    @Test
    void shouldLeaveNothingBehindWhenAWaitIsGivenUp() {
        add(KEY, 1);
        readByAnn();
        CompletableFuture<List<StreamBatch>> waiting = waiting(BOB, SOON);
        assertTrue(waiting.cancel(false));
        assertEquals(List.of(), streams.xreadGroup(SOON.multipliedBy(2), GROUP, BOB, ALL, NEW));
        assertEquals("1ann1 ", pending());
    }

    @Test
    void shouldTellOneWhoWaitsForIdleEntriesThatTheGroupIsGone() {
        CompletableFuture<List<StreamBatch>> waiting = waiting(BOB, MINUTE);
        assertTrue(streams.xgroupDestroy(OTHER, GROUP));
        Exception failure = assertThrows(Exception.class, () -> waiting.get(20, TimeUnit.SECONDS));
        Throwable cause = Objects.requireNonNull(failure.getCause());
        assertEquals(StreamOperations.NO_GROUP, cause.getMessage());
    }
}
