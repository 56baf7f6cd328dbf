package io.hotpair.resp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.hotpair.HotpairException;
import io.hotpair.HotpairException.Category;
import io.hotpair.Session;
import io.hotpair.topology.Member;
import io.hotpair.topology.Role;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What clients see of a pair. */
class PairTest {
    private static final String REFUSED =
            "-ERR REPLICAOF is refused: the nodes of a pair decide among themselves which one is"
                    + " master\r\n";

    private final ScriptedKeyspace keyspace = new ScriptedKeyspace().acknowledgesAtOnce(true);

    @AfterEach
    void close() {
        keyspace.close();
    }

    private static Member member(String name, int port, boolean connected, long loggedOpId) {
        return member(name, port, connected, loggedOpId, 0);
    }

    private static Member member(
            String name, int port, boolean connected, long loggedOpId, long durableOpId) {
        return new Member(name, "127.0.0.1", port, connected, true, loggedOpId, durableOpId, 0);
    }

    @Test
    void shouldReadButNotWriteOnAReplica() {
        keyspace.keyspace().put("a", "1");
        keyspace.role(Role.REPLICA);
        try (RespListener listener = keyspace.listen(c -> c);
                RawClient client = new RawClient(listener.port())) {
            String readOnly = "-READONLY You can't write against a read only replica.\r\n";
            assertEquals("$1\r\n1\r\n", client.call("GET", "a"));
            assertEquals(readOnly, client.call("SET", "a", "2"));
            assertEquals(readOnly, client.call("DEL", "nosuch"));
            assertEquals(readOnly, client.call("FLUSHALL"));
            assertTrue(client.call("WAIT", "0", "0").startsWith("-ERR WAIT cannot be used"));
            assertEquals(
                    "-ERR WAITAOF cannot be used with replica instances. Please also note that"
                            + " writes to replicas are just local and are not propagated.\r\n",
                    client.call("WAITAOF", "0", "0", "0"));
            assertEquals("$1\r\n1\r\n", client.call("GET", "a"));
        }
    }

    @Test
    void shouldTellTheRoleAsRedisDoes() {
        Member here = member("here", 7001, true, 0);
        Member there = member("there", 7002, true, 42);
        keyspace.members(here, here, there);
        try (RespListener listener = keyspace.listen(c -> c);
                RawClient client = new RawClient(listener.port())) {
            assertEquals(
                    "*3\r\n$6\r\nmaster\r\n:0\r\n*1\r\n*3\r\n$9\r\n127.0.0.1\r\n$4\r\n7002\r\n$2\r\n42\r\n",
                    client.call("ROLE"));
            String info = client.call("INFO", "replication");
            assertTrue(info.contains("role:master\r\n"), info);
            assertTrue(info.contains("connected_slaves:1\r\n"), info);
            assertTrue(
                    info.contains("slave0:ip=127.0.0.1,port=7002,state=online,offset=42,"), info);
            assertEquals("+OK\r\n", client.call("REPLICAOF", "NO", "ONE"));
            assertEquals(REFUSED, client.call("SLAVEOF", "127.0.0.1", "7002"));
            keyspace.role(Role.REPLICA);
            keyspace.members(there, member("here", 7001, true, 40), there);
            assertEquals(
                    "*5\r\n$5\r\nslave\r\n$9\r\n127.0.0.1\r\n:7002\r\n$9\r\nconnected\r\n:0\r\n",
                    client.call("ROLE"));
            String replica = client.call("INFO", "replication");
            assertTrue(replica.contains("role:slave\r\n"), replica);
            assertTrue(replica.contains("master_host:127.0.0.1\r\n"), replica);
            assertTrue(replica.contains("master_port:7002\r\n"), replica);
            assertTrue(replica.contains("master_link_status:up\r\n"), replica);
            assertEquals(
                    "+OK Already connected to specified master\r\n",
                    client.call("REPLICAOF", "127.0.0.1", "7002"));
            assertEquals(REFUSED, client.call("REPLICAOF", "127.0.0.1", "7003"));
            assertEquals(REFUSED, client.call("REPLICAOF", "NO", "ONE"));
        }
    }

    @Test
    void shouldTellHowThePairStands() {
        Member here = member("here", 7001, true, 0);
        try (RespListener listener = keyspace.listen(c -> c);
                RawClient client = new RawClient(listener.port())) {
            keyspace.members(here, here, member("there", 7002, true, 0));
            keyspace.haReady(true, null);
            assertEquals(
                    List.of("hotpair_ha_ready:1", "hotpair_in_sync:here,there", "hotpair_alarm:"),
                    ownFields(client));
            keyspace.role(Role.REPLICA);
            keyspace.members(null, here, new Member("there", "", 0, false, false, 0, 0, 0));
            keyspace.haReady(false, "b is gone\r\nhotpair_x:1");
            assertEquals(
                    List.of(
                            "hotpair_ha_ready:0",
                            "hotpair_in_sync:here",
                            "hotpair_alarm:b is gone  hotpair_x:1"),
                    ownFields(client));
        }
    }

    private static List<String> ownFields(RawClient client) {
        String info = client.call("INFO", "replication");
        return info.lines().filter(line -> line.startsWith("hotpair_")).toList();
    }

    @Test
    void shouldTakeWritesOnlyWhileEnoughReplicasAreInSync() {
        Member here = member("here", 7001, true, 0);
        Member good = member("there", 7002, true, 0);
        try (RespListener listener = keyspace.listen(c -> c);
                RawClient client = new RawClient(listener.port())) {
            keyspace.members(here, here, good);
            client.call("CONFIG", "SET", "min-replicas-to-write", "1");
            assertEquals("+OK\r\n", client.call("SET", "a", "1"));
            String info = client.call("INFO", "replication");
            assertTrue(info.contains("min_slaves_good_slaves:1\r\n"), info);
            String refused = "-NOREPLICAS Not enough good replicas to write.\r\n";
            keyspace.members(here, here, member("there", 7002, false, 0));
            assertEquals(refused, client.call("SET", "a", "2"));
            Member lagging = new Member("there", "127.0.0.1", 7002, true, false, 0, 0, 100);
            keyspace.members(here, here, lagging);
            assertEquals(refused, client.call("SET", "a", "2"));
            info = client.call("INFO", "replication");
            assertTrue(info.contains("min_slaves_good_slaves:0\r\n"), info);
            assertEquals("$1\r\n1\r\n", client.call("GET", "a"));
            keyspace.role(Role.REPLICA);
            assertTrue(client.call("SET", "a", "2").startsWith("-READONLY "));
            keyspace.role(Role.MASTER);
            keyspace.members(here, here, good);
            assertEquals("+OK\r\n", client.call("SET", "a", "2"));
            client.call("CONFIG", "SET", "min-replicas-to-write", "2");
            assertEquals(refused, client.call("SET", "a", "3"));
        }
    }

    @Test
    void shouldWaitForReplicasWithoutHoldingTheLoop() {
        Member here = member("here", 7001, true, 0);
        keyspace.members(here, here, member("there", 7002, true, 0));
        try (RespListener listener = keyspace.listen(c -> c.eventLoopThreads(1));
                RawClient client = new RawClient(listener.port());
                RawClient other = new RawClient(listener.port())) {
            assertEquals("+OK\r\n", client.call("SET", "a", "1"));
            client.send(RawClient.command("WAIT", "1", "0") + RawClient.command("PING"));
            Await.until(
                    () ->
                            listener.server().clients().all().stream()
                                    .anyMatch(Connection::isBlocked),
                    () -> "nobody waits");
            assertEquals("+PONG\r\n", other.call("PING"));
            assertTrue(client.isSilentFor(20));
            keyspace.members(here, here, member("there", 7002, true, 1000));
            assertEquals(":1\r\n", client.reply());
            assertEquals("+PONG\r\n", client.reply());
        }
    }

    @Test
    void shouldWaitForTheDevicesOfReplicas() {
        Member here = member("here", 7001, true, 0);
        keyspace.members(here, here, member("there", 7002, true, 1000));
        try (RespListener listener = keyspace.listen(c -> c.eventLoopThreads(1));
                RawClient client = new RawClient(listener.port())) {
            assertEquals("+OK\r\n", client.call("SET", "a", "1"));
            assertEquals("*2\r\n:0\r\n:0\r\n", client.call("WAITAOF", "0", "1", "20"));
            client.send(RawClient.command("WAITAOF", "0", "1", "0"));
            assertTrue(client.isSilentFor(20));
            keyspace.members(here, here, member("there", 7002, true, 1000, 1000));
            assertEquals("*2\r\n:0\r\n:1\r\n", client.reply());
        }
    }

    @Test
    void shouldHaveWritesForcedAndLeaveNobodyWaitingForThem() {
        Member here = member("here", 7001, true, 0);
        keyspace.members(here, here, member("there", 7002, true, 1000));
        try (RespListener listener = keyspace.listen(c -> c);
                RawClient client = new RawClient(listener.port())) {
            assertEquals("+OK\r\n", client.call("SET", "a", "1"));
            keyspace.acknowledgesAtOnce(false);
            for (int i = 0; i < 3; i++) {
                assertEquals("*2\r\n:0\r\n:0\r\n", client.call("WAITAOF", "0", "1", "1"));
            }
            assertEquals(0, keyspace.waiterCount());
            assertEquals(3, keyspace.hastened().size());
            assertTrue(keyspace.hastened().get(0).startsWith("PEER_DISK "), "level");
        }
    }

    /** After a change of roles and back the opId may be another client's write. */
    @Test
    void shouldCountNobodyForAWriteOfATermThatIsOver() {
        Member here = member("here", 7001, true, 1000, 1000);
        keyspace.members(here, here, member("there", 7002, true, 1000, 0));
        try (RespListener listener = keyspace.listen(c -> c);
                RawClient client = new RawClient(listener.port())) {
            assertEquals("+OK\r\n", client.call("SET", "a", "1"));
            assertEquals(":1\r\n", client.call("WAIT", "1", "0"));
            client.send(RawClient.command("WAITAOF", "0", "1", "0"));
            Await.until(
                    () ->
                            listener.server().clients().all().stream()
                                    .anyMatch(Connection::isBlocked),
                    () -> "nobody waits");
            keyspace.endTerm(keyspace.keyspace().term());
            keyspace.members(here, here, member("there", 7002, true, 1000, 1000));
            assertEquals("*2\r\n:0\r\n:0\r\n", client.reply());
            assertEquals(":0\r\n", client.call("WAIT", "1", "0"));
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "2 0 0|-ERR value is out of range, value must between 0 and 1",
                "x 0 0|-ERR value is not an integer or out of range",
                "0 -1 0|-ERR value is out of range, must be positive",
                "0 0 -1|-ERR timeout is negative",
                "0 0 x|-ERR timeout is not an integer or out of range"
            })
    void shouldRefuseWaitaofWithWrongNumbers(String arguments, String error) {
        try (RespListener listener = keyspace.listen(c -> c);
                RawClient client = new RawClient(listener.port())) {
            String[] words = ("WAITAOF " + arguments).split(" ", -1);
            assertEquals(error + "\r\n", client.call(words));
        }
    }

    @Test
    void shouldStopWaitingForReplicasWhenTheTimeIsUp() {
        Member here = member("here", 7001, true, 0);
        keyspace.members(here, here, member("there", 7002, true, 0));
        try (RespListener listener = keyspace.listen(c -> c);
                RawClient client = new RawClient(listener.port())) {
            assertEquals("+OK\r\n", client.call("SET", "a", "1"));
            long startNs = System.nanoTime();
            assertEquals(":0\r\n", client.call("WAIT", "1", "50"));
            assertTrue(System.nanoTime() - startNs >= TimeUnit.MILLISECONDS.toNanos(50));
            assertEquals(":0\r\n", client.call("WAIT", "0", "0"));
            assertEquals("*2\r\n:0\r\n:0\r\n", client.call("WAITAOF", "0", "0", "0"));
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "MEMORY_LIMIT|-OOM command not allowed when used memory > 'maxmemory'.",
                "NOT_MASTER|-READONLY You can't write against a read only replica.",
                "NOT_ENOUGH_REPLICAS|-NOREPLICAS Not enough good replicas to write.",
                "LOG_FAILED|-MISCONF the log can't be written, so commands that may modify the data"
                        + " set are disabled: it  broke",
                "BUSY|-TRYAGAIN the log can't keep up, so the command was not executed",
                "LOADING|-LOADING it  broke",
                "CORRUPTION|-ERR it  broke"
            })
    void shouldTurnFailuresIntoTheErrorsOfRedis(Category category, String error) {
        keyspace.sessions(
                session -> failing(session, new HotpairException(category, "it\r\nbroke")));
        try (RespListener listener = keyspace.listen(c -> c);
                RawClient client = new RawClient(listener.port())) {
            assertEquals(error + "\r\n", client.call("SET", "a", "1"));
            assertEquals("$-1\r\n", client.call("GET", "a"));
        }
    }

    private static Session failing(Session session, RuntimeException failure) {
        return (Session)
                Proxy.newProxyInstance(
                        Session.class.getClassLoader(),
                        new Class<?>[] {Session.class},
                        (proxy, method, arguments) -> {
                            if (method.getName().equals("put")) {
                                throw failure;
                            }
                            try {
                                return method.invoke(session, arguments);
                            } catch (InvocationTargetException e) {
                                throw e.getCause();
                            }
                        });
    }
}
