package io.hotpair.resp;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Replies wait for what they rest on, and become errors when nobody answers for it. */
class AcknowledgementTest {
    private static final String UNKNOWN = "-" + Outbox.UNKNOWN_OUTCOME + "\r\n";
    private static final String NOT_VOUCHED = "-" + Outbox.NOT_VOUCHED + "\r\n";

    private final ScriptedKeyspace keyspace = new ScriptedKeyspace();
    private final RespListener listener = keyspace.listen(config -> config.eventLoopThreads(1));
    private final RawClient client = new RawClient(listener.port());

    @AfterEach
    void close() {
        client.close();
        listener.close();
        keyspace.close();
    }

    private void awaitWaiters(int count) {
        Await.until(() -> keyspace.waiterCount() == count, keyspace::waiterCount);
    }

    @Test
    void shouldHoldAReplyBackUntilItsWriteIsAcknowledged() {
        client.send(RawClient.command("SET", "a", "1"));
        awaitWaiters(1);
        assertTrue(client.isSilentFor(50));
        keyspace.settleNext(true);
        assertEquals("+OK\r\n", client.reply());
    }

    /** Each of these writes; each has one that it writes for. */
    private static final String WRITES =
            "SET s 1|GETSET s 2|MSET s 1 t 2|MSETEX 2 s 1 t 2 EX 1000|MSETNX u 1 v 2|APPEND s 1|INCR s|DECR s|INCRBY"
                    + " s 2|DECRBY s 2|INCRBYFLOAT s 0.5|SETRANGE t 1 x|SETEX e 1000 1|PSETEX e "
                    + "1000000 1|SETNX w 1|DELEX w|SETNX w 1|DELIFEQ w 1|SETNX w 1|GETDEL w|GETEX e "
                    + "PERSIST|SETBIT b 7 1|BITFIELD b SET u8 0 9|BITOP NOT b2 b|PFADD p a b|PFADD q c|PFMERGE r p q|EXPIRE s 1000|PEXPIRE s "
                    + "2000000|EXPIREAT s 4000000000|PEXPIREAT s 4000000000001|PERSIST s|RENAME t t2|"
                    + "RENAMENX t2 t|COPY t t3|MOVE t3 1|SWAPDB 2 3|RESTORE d 0 PAYLOAD|RESTORE d 0 "
                    + "PAYLOAD REPLACE|DEL d|UNLINK u|RPUSH l c a b d e f g h i|LPUSH l x|LPUSHX l y|"
                    + "RPUSHX l z|LSET l 0 k|LINSERT l BEFORE k j|LREM l 1 j|LTRIM l 0 10|LPOP l|RPOP"
                    + " l|LMOVE l m LEFT LEFT|RPOPLPUSH l m|LMPOP 1 l LEFT|BLPOP l 1|BRPOP l 1|BLMOVE"
                    + " l m LEFT LEFT 1|BRPOPLPUSH l m 1|BLMPOP 1 1 l LEFT|SORT m ALPHA STORE sorted|"
                    + "SADD a 1 2 3 4|SADD c 2 3|SMOVE a c 4|SREM a 1|SPOP a|SINTERSTORE i c c|"
                    + "SUNIONSTORE i a c|SDIFFSTORE i c a|ZADD z 1 a 2 b 3 c 4 d 5 e 6 f 7 g 8 h 9 i|"
                    + "ZINCRBY z 1 a|ZREM z a|ZPOPMIN z|ZPOPMAX z|BZPOPMIN z 1|BZPOPMAX z 1|ZMPOP 1 z"
                    + " MIN|BZMPOP 1 1 z MIN|ZRANGESTORE y z 0 -1|ZUNIONSTORE y 1 z|ZINTERSTORE y 1 z"
                    + "|ZDIFFSTORE y 1 z|ZREMRANGEBYRANK z 0 0|ZREMRANGEBYSCORE z 7 7|ZREMRANGEBYLEX "
                    + "y - +|GEOADD geo 1 2 a|GEOSEARCHSTORE geo2 geo FROMMEMBER a BYRADIUS 9 m|"
                    + "GEORADIUS geo 1 2 9 m STORE geo3|GEORADIUSBYMEMBER geo a 9 m STORE geo4|HSET h"
                    + " a 1 b 2 c 3|HMSET h b 3 e 4|HSETNX h d 1|HINCRBY h a 1|HINCRBYFLOAT h a 1|"
                    + "HDEL h b|HEXPIRE h 1000 FIELDS 1 a|HPEXPIRE h 2000000 FIELDS 1 a|HEXPIREAT h "
                    + "4000000000 FIELDS 1 a|HPEXPIREAT h 4000000000001 FIELDS 1 a|HPERSIST h FIELDS "
                    + "1 a|HGETEX h EX 1000 FIELDS 1 a|HSETEX h EX 1000 FIELDS 1 e 1|HGETDEL h FIELDS"
                    + " 1 d|XADD x 1-1 a 1|XADD x 1-2 a 1|XADD x 1-3 a 1|XADD x 1-4 a 1|XADD x 1-5 a 1|XGROUP CREATE x g 0|XGROUP "
                    + "CREATECONSUMER x g f|XGROUP DELCONSUMER x g f|XREADGROUP GROUP g c STREAMS x >"
                    + "|XCLAIM x g d 0 1-1|XAUTOCLAIM x g e 0 0|XREADGROUP GROUP g d CLAIM 0 STREAMS x >|XACK x g 1-1|XGROUP SETID x g 1-1|"
                    + "XDEL x 1-1|XACKDEL x g IDS 1 1-2|XDELEX x IDS 1 1-4|XTRIM x MAXLEN 1|XSETID x 9-9|XGROUP DESTROY x g|EVAL "
                    + "return(redis.call('SET','s','1')) 0|FUNCTION LOAD LIBRARY|FUNCTION DELETE lib|"
                    + "FUNCTION RESTORE LIBRARIES|FUNCTION FLUSH|FLUSHDB|SET s 1|FLUSHALL";

    /** What has the flag of those that write and is not among them, and why. */
    private static final Map<String, String> SHOWN_ELSEWHERE =
            Map.of("migrate", "needs a server to send to: shown by MigrateTest");

    private static final String LIBRARY =
            "#!lua name=lib\nredis.register_function('f', function() return 1 end)";

    private static String[] command(String line) {
        Map<String, String> longer =
                Map.of(
                        "PAYLOAD",
                        DumpTest.payload((byte) 0, (byte) 0xC0, (byte) 1),
                        "LIBRARY",
                        LIBRARY,
                        "LIBRARIES",
                        new String(
                                RdbPayload.ofLibraries(List.of(LIBRARY.getBytes(ISO_8859_1))),
                                ISO_8859_1));
        return Stream.of(line.split(" ", -1))
                .map(word -> longer.getOrDefault(word, word))
                .toArray(String[]::new);
    }

    @Test
    void shouldWaitForTheLastWriteOfAnyCommand() {
        keyspace.acknowledgesAtOnce(true);
        for (String line : WRITES.split("\\|", -1)) {
            long before = keyspace.statistics().lastOpId();
            String reply = client.call(command(line));
            long last = keyspace.statistics().lastOpId();
            assertTrue(last > before, line + " " + reply);
            assertEquals(last, keyspace.lastAskedOpId(), line);
        }
    }

    @Test
    void shouldKnowWhichCommandsWrite() {
        CommandTable table = listener.server().commands();
        Set<String> shown = new HashSet<>();
        for (String line : WRITES.split("\\|", -1)) {
            String[] words = line.toLowerCase(Locale.ROOT).split(" ", -1);
            Command subcommand = words.length == 1 ? null : table.find(words[0] + "|" + words[1]);
            shown.add(subcommand == null ? words[0] : subcommand.fullName());
        }
        Set<String> missing = new HashSet<>();
        for (Command each : table.everything()) {
            if (each.isWrite() && !shown.contains(each.fullName())) {
                missing.add(each.fullName());
            }
        }
        assertEquals(SHOWN_ELSEWHERE.keySet(), missing);
    }

    @Test
    void shouldSendRepliesInOrderWhenALaterBatchIsAcknowledgedFirst() {
        client.send(RawClient.command("SET", "a", "1"));
        awaitWaiters(1);
        client.send(RawClient.command("INCR", "a"));
        awaitWaiters(2);
        client.send(RawClient.command("PING"));
        assertTrue(client.isSilentFor(50));
        keyspace.settleNext(true);
        assertEquals("+OK\r\n", client.reply());
        assertTrue(client.isSilentFor(50));
        keyspace.settleNext(true);
        assertEquals(List.of(":2\r\n", "+PONG\r\n"), client.replies(2));
    }

    @Test
    void shouldAcknowledgeAPipelineAsAGroup() {
        StringBuilder pipeline = new StringBuilder();
        for (int i = 0; i < 100; i++) {
            pipeline.append(RawClient.command("INCR", "n"));
        }
        client.send(pipeline.toString());
        awaitWaiters(1);
        keyspace.settleNext(true);
        for (int i = 1; i <= 100; i++) {
            assertEquals(":" + i + "\r\n", client.reply());
        }
        assertEquals(0, keyspace.waiterCount());
    }

    @Test
    void shouldServeOtherClientsWhileOneWaits() {
        client.send(RawClient.command("SET", "a", "1"));
        awaitWaiters(1);
        try (RawClient other = new RawClient(listener.port())) {
            assertEquals("$1\r\n1\r\n", other.call("GET", "a"));
        }
        keyspace.settleNext(true);
        assertEquals("+OK\r\n", client.reply());
    }

    @Test
    void shouldSayThatTheOutcomeIsUnknownInsteadOfOk() {
        client.send(
                RawClient.command("SET", "a", "1")
                        + RawClient.command("GET", "a")
                        + RawClient.command("PING")
                        + RawClient.command("SETNX", "a", "2")
                        + RawClient.command("INCR", "a"));
        awaitWaiters(1);
        keyspace.settleNext(false);
        assertEquals(
                List.of(UNKNOWN, "$1\r\n1\r\n", "+PONG\r\n", ":0\r\n", UNKNOWN), client.replies(5));
        assertEquals("+PONG\r\n", client.call("PING"));
    }

    @Test
    void shouldWithholdDataThatTheNodeCanNotVouchFor() {
        keyspace.acknowledgesAtOnce(true);
        assertEquals("+OK\r\n", client.call("SET", "a", "1"));
        keyspace.vouches(false);
        client.send(
                RawClient.command("GET", "a")
                        + RawClient.command("PING")
                        + RawClient.command("KEYS", "*"));
        assertEquals(List.of(NOT_VOUCHED, "+PONG\r\n", NOT_VOUCHED), client.replies(3));
        keyspace.vouches(true);
        assertEquals("$1\r\n1\r\n", client.call("GET", "a"));
        assertEquals(1, listener.server().withheldBatches());
    }

    @Test
    void shouldWithholdReadsAndWritesOfABatchWhenTheRoleIsLostMeanwhile() {
        client.send(RawClient.command("INCR", "a") + RawClient.command("GET", "a"));
        awaitWaiters(1);
        keyspace.vouches(false);
        keyspace.settleNext(false);
        assertEquals(List.of(UNKNOWN, NOT_VOUCHED), client.replies(2));
    }

    @Test
    void shouldGiveUpWhenNothingIsHeardInTime() {
        keyspace.timeout(Duration.ofMillis(200));
        try (RespListener impatient = keyspace.listen(config -> config);
                RawClient waiting = new RawClient(impatient.port())) {
            assertEquals(UNKNOWN, waiting.call("SET", "a", "1"));
            // Being told after all must change nothing.
            keyspace.settleNext(true);
            assertEquals("+PONG\r\n", waiting.call("PING"));
        }
    }

    @Test
    void shouldStopExecutingWhenTooMuchWaits() {
        StringBuilder pipeline = new StringBuilder();
        String value = "x".repeat(1000);
        for (int i = 0; i < 3000; i++) {
            pipeline.append(RawClient.command("GETSET", "a", value));
        }
        Thread sender = new Thread(() -> client.send(pipeline.toString()));
        sender.start();
        // The replies are 3 MB, of which some 100 kB may wait; nothing is acknowledged.
        Await.until(
                () -> listener.server().clients().all().get(0).outbox().congested(),
                () -> keyspace.waiterCount());
        long executed =
                listener.server().workers().stream()
                        .mapToLong(w -> w.statistics().commandCount())
                        .sum();
        assertTrue(executed < 2000, "executed=" + executed);
        keyspace.acknowledgesAtOnce(true);
        while (keyspace.waiterCount() > 0) {
            keyspace.settleNext(true);
        }
        assertEquals("$-1\r\n", client.reply());
        for (int i = 1; i < 3000; i++) {
            assertEquals("$1000\r\n" + value + "\r\n", client.reply());
        }
    }

    @Test
    void shouldNotAnswerForWritesOfAClientThatLeft() {
        client.send(RawClient.command("SET", "a", "1"));
        awaitWaiters(1);
        client.close();
        Await.until(() -> listener.clientCount() == 0, listener::clientCount);
        keyspace.settleNext(true);
        try (RawClient other = new RawClient(listener.port())) {
            assertEquals("$1\r\n1\r\n", other.call("GET", "a"));
        }
    }

    @Test
    void shouldSuppressAnErrorThatReplacesASuppressedReply() {
        client.send(
                RawClient.command("CLIENT", "REPLY", "SKIP")
                        + RawClient.command("SET", "a", "1")
                        + RawClient.command("PING"));
        awaitWaiters(1);
        keyspace.settleNext(false);
        assertEquals("+PONG\r\n", client.reply());
    }
}
