package io.hotpair.resp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.hotpair.topology.Member;
import io.hotpair.topology.Role;
import io.lettuce.core.RedisClient;
import io.lettuce.core.RedisURI;
import io.lettuce.core.api.StatefulRedisConnection;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.JedisSentinelPool;
import redis.clients.jedis.exceptions.JedisException;

/** A pair, for clients of a Sentinel and for a Sentinel. */
class SentinelTest {
    private static final String NAME = "scripted";

    @TempDir private Path directory;

    /** Two nodes whose roles a test decides, each with a listener. */
    private static final class ScriptedPair implements AutoCloseable {
        private final ScriptedKeyspace a = new ScriptedKeyspace().acknowledgesAtOnce(true);
        private final ScriptedKeyspace b = new ScriptedKeyspace().acknowledgesAtOnce(true);
        private final RespListener first = a.listen(config -> config);
        private final RespListener second = b.listen(config -> config);

        ScriptedPair() {
            switchTo(true);
        }

        private static Member member(String name, RespListener listener, boolean connected) {
            return new Member(name, "127.0.0.1", listener.port(), connected, true, 1, 1, 0);
        }

        void switchTo(boolean isFirst) {
            Member here = member("here", first, isFirst);
            Member there = member("there", second, true);
            for (ScriptedKeyspace each : List.of(a, b)) {
                each.members(isFirst ? here : there, here, there);
            }
            a.role(isFirst ? Role.MASTER : Role.REPLICA);
            b.role(isFirst ? Role.REPLICA : Role.MASTER);
        }

        Set<String> addresses() {
            return Set.of("127.0.0.1:" + first.port(), "127.0.0.1:" + second.port());
        }

        @Override
        public void close() {
            first.close();
            second.close();
            a.close();
            b.close();
        }
    }

    private static boolean isTrue(Check check) {
        try {
            return check.holds();
        } catch (JedisException | io.lettuce.core.RedisException e) {
            // Until the new master is known, there is none.
            return false;
        }
    }

    /** Something that may not be possible yet. */
    @FunctionalInterface
    private interface Check {
        boolean holds();
    }

    @Test
    void shouldTellOfThePairInTheFormsOfRedis() {
        try (ScriptedPair pair = new ScriptedPair();
                RawClient client = new RawClient(pair.second.port())) {
            String port = Integer.toString(pair.first.port());
            String address = "*2\r\n$9\r\n127.0.0.1\r\n$" + port.length() + "\r\n" + port + "\r\n";
            assertEquals(address, client.call("SENTINEL", "get-master-addr-by-name", NAME));
            assertEquals("*-1\r\n", client.call("SENTINEL", "GET-MASTER-ADDR-BY-NAME", "x"));
            String unknown = "-ERR No such master with that name\r\n";
            for (String asked : List.of("master", "slaves", "replicas", "sentinels", "ckquorum")) {
                assertEquals(unknown, client.call("SENTINEL", asked, "x"));
            }
            String masters = client.call("SENTINEL", "masters");
            assertTrue(
                    masters.startsWith("*1\r\n*40\r\n$4\r\nname\r\n$8\r\nscripted\r\n"), masters);
            assertTrue(masters.contains("flags\r\n$6\r\nmaster\r\n"), masters);
            assertEquals(masters.substring(4), client.call("SENTINEL", "master", NAME));
            String replicas = client.call("SENTINEL", "slaves", NAME);
            assertTrue(replicas.startsWith("*1\r\n"), replicas);
            assertTrue(replicas.contains("127.0.0.1:" + pair.second.port()), replicas);
            assertEquals(replicas, client.call("SENTINEL", "replicas", NAME));
            assertTrue(client.call("SENTINEL", "sentinels", NAME).startsWith("*1\r\n"));
            assertTrue(client.call("SENTINEL", "ckquorum", NAME).startsWith("+OK 2 usable"));
            assertEquals(47, client.call("SENTINEL", "myid").length());
            assertEquals(
                    "-ERR unknown subcommand 'failover'. Try SENTINEL HELP.\r\n",
                    client.call("SENTINEL", "failover", NAME));
            // A master that can't prove that it still is one sends nobody to itself.
            try (RawClient first = new RawClient(pair.first.port())) {
                assertEquals(address, first.call("SENTINEL", "get-master-addr-by-name", NAME));
                pair.a.endTerm(7);
                assertEquals("*-1\r\n", first.call("SENTINEL", "get-master-addr-by-name", NAME));
                assertTrue(first.call("SENTINEL", "ckquorum", NAME).startsWith("-NOQUORUM"));
            }
        }
    }

    @Test
    void shouldTellWhoIsMasterOfAKeyspaceThatIsAlone() {
        try (TestListener listener = TestListener.open(config -> config.sentinelName("mymaster"));
                RawClient client = listener.connect()) {
            String reply = client.call("SENTINEL", "get-master-addr-by-name", "mymaster");
            assertTrue(reply.startsWith("*2\r\n$9\r\n127.0.0.1\r\n"), reply);
            assertEquals("*0\r\n", client.call("SENTINEL", "replicas", "mymaster"));
        }
    }

    @Test
    void shouldSayThatTheMasterHasChanged() {
        try (ScriptedPair pair = new ScriptedPair();
                RawClient client = new RawClient(pair.second.port())) {
            client.call("SUBSCRIBE", "+switch-master");
            // What was told before this was the first master, of which nothing is said.
            assertTrue(client.isSilentFor(250));
            pair.switchTo(false);
            String said =
                    NAME + " 127.0.0.1 " + pair.first.port() + " 127.0.0.1 " + pair.second.port();
            assertEquals(
                    "*3\r\n$7\r\nmessage\r\n$14\r\n+switch-master\r\n$"
                            + said.length()
                            + "\r\n"
                            + said
                            + "\r\n",
                    client.reply());
        }
    }

    @Test
    void shouldSayThatTheMasterIsNotTheOneThatAClientWasToldOf() {
        try (ScriptedPair pair = new ScriptedPair();
                RawClient client = new RawClient(pair.second.port())) {
            String told = client.call("SENTINEL", "get-master-addr-by-name", NAME);
            assertTrue(told.contains("\r\n" + pair.first.port() + "\r\n"), told);
            client.call("SUBSCRIBE", "+switch-master");
            pair.switchTo(false);
            String said = client.reply();
            assertTrue(said.endsWith(" 127.0.0.1 " + pair.second.port() + "\r\n"), said);
        }
    }

    @Test
    void shouldLeadAJedisPoolToTheNewMaster() {
        try (ScriptedPair pair = new ScriptedPair();
                JedisSentinelPool pool = new JedisSentinelPool(NAME, pair.addresses())) {
            try (Jedis jedis = pool.getResource()) {
                assertEquals("OK", jedis.set("a", "1"));
            }
            assertEquals(1, pair.a.keyspace().statistics().keyCount());
            // The pool's threads subscribe by and by, and ask for the master before, not after.
            for (RespListener each : List.of(pair.first, pair.second)) {
                try (RawClient client = new RawClient(each.port())) {
                    Await.until(
                            () ->
                                    client.call("PUBSUB", "NUMSUB", "+switch-master")
                                            .endsWith(":1\r\n"),
                            () -> "no subscriber");
                }
            }
            pair.switchTo(false);
            pair.first.close();
            Await.until(
                    () ->
                            isTrue(
                                    () -> {
                                        try (Jedis jedis = pool.getResource()) {
                                            return jedis.set("b", "1").equals("OK");
                                        }
                                    }),
                    pool::getCurrentHostMaster);
            assertEquals(pair.second.port(), pool.getCurrentHostMaster().getPort());
            assertEquals("1", pair.b.keyspace().get("b"));
        }
    }

    @Test
    void shouldLeadLettuceToTheNewMaster() {
        try (ScriptedPair pair = new ScriptedPair()) {
            RedisURI uri =
                    RedisURI.builder()
                            .withSentinel("127.0.0.1", pair.first.port())
                            .withSentinel("127.0.0.1", pair.second.port())
                            .withSentinelMasterId(NAME)
                            .withTimeout(Duration.ofSeconds(5))
                            .build();
            RedisClient client = RedisClient.create(uri);
            try (StatefulRedisConnection<String, String> connection = client.connect()) {
                assertEquals("OK", connection.sync().set("a", "1"));
                pair.switchTo(false);
                pair.first.close();
                Await.until(
                        () -> isTrue(() -> connection.sync().set("b", "1").equals("OK")),
                        () -> "not yet");
                assertEquals("1", pair.b.keyspace().get("b"));
            } finally {
                client.shutdown(Duration.ZERO, Duration.ofSeconds(2));
            }
        }
    }

    @Test
    void shouldBeWatchedByARealSentinel() throws IOException {
        Path config = directory.resolve("sentinel.conf");
        try (ScriptedPair pair = new ScriptedPair()) {
            Files.writeString(
                    config,
                    "sentinel monitor mymaster 127.0.0.1 "
                            + pair.first.port()
                            + " 1\nsentinel down-after-milliseconds mymaster 1000\n"
                            + "sentinel failover-timeout mymaster 6000\n");
            try (RealRedis sentinel = RealRedis.startSentinel(config);
                    RawClient client = new RawClient(sentinel.port())) {
                Await.until(
                        () ->
                                client.call("SENTINEL", "replicas", "mymaster")
                                        .contains("127.0.0.1:" + pair.second.port()),
                        () -> client.call("SENTINEL", "master", "mymaster"));
                String master = client.call("SENTINEL", "master", "mymaster");
                assertTrue(master.contains("flags\r\n$6\r\nmaster\r\n"), master);
                assertTrue(master.contains("role-reported\r\n$6\r\nmaster\r\n"), master);
                Await.until(
                        () ->
                                client.call("SENTINEL", "replicas", "mymaster")
                                        .contains("master-link-status\r\n$2\r\nok"),
                        () -> client.call("SENTINEL", "replicas", "mymaster"));
                // The pair fails over by itself; the Sentinel sees it and tells its own clients.
                pair.switchTo(false);
                pair.first.close();
                Await.until(
                        60_000_000_000L,
                        () ->
                                client.call("SENTINEL", "get-master-addr-by-name", "mymaster")
                                        .contains("" + pair.second.port()),
                        () -> client.call("SENTINEL", "master", "mymaster"));
            }
        }
    }
}
