package io.hotpair.resp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.lettuce.core.ClientOptions;
import io.lettuce.core.LettuceFutures;
import io.lettuce.core.RedisClient;
import io.lettuce.core.RedisCommandExecutionException;
import io.lettuce.core.RedisFuture;
import io.lettuce.core.RedisURI;
import io.lettuce.core.SetArgs;
import io.lettuce.core.api.StatefulRedisConnection;
import io.lettuce.core.api.async.RedisAsyncCommands;
import io.lettuce.core.api.sync.RedisCommands;
import io.lettuce.core.protocol.ProtocolVersion;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import redis.clients.jedis.DefaultJedisClientConfig;
import redis.clients.jedis.HostAndPort;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.JedisPooled;
import redis.clients.jedis.Pipeline;
import redis.clients.jedis.RedisProtocol;
import redis.clients.jedis.Response;
import redis.clients.jedis.exceptions.JedisDataException;
import redis.clients.jedis.params.ScanParams;
import redis.clients.jedis.params.SetParams;
import redis.clients.jedis.resps.ScanResult;

/** The two libraries that most Java applications talk to Redis with. */
class ClientLibrariesTest {
    private final TestListener listener = TestListener.open(c -> c.password("secret"));

    @AfterEach
    void close() {
        listener.close();
    }

    @ParameterizedTest
    @EnumSource(RedisProtocol.class)
    void shouldServeJedis(RedisProtocol protocol) {
        DefaultJedisClientConfig config =
                DefaultJedisClientConfig.builder()
                        .protocol(protocol)
                        .password("secret")
                        .clientName("jedis")
                        .build();
        HostAndPort address = new HostAndPort("127.0.0.1", listener.port());
        try (Jedis jedis = new Jedis(address, config)) {
            assertEquals("OK", jedis.set("a", "1", SetParams.setParams().nx().ex(100)));
            assertNull(jedis.set("a", "2", SetParams.setParams().nx()));
            assertEquals(100, jedis.ttl("a"));
            assertEquals(2, jedis.incr("a"));
            assertEquals(2.5, jedis.incrByFloat("a", 0.5));
            assertEquals(List.of("2.5"), jedis.mget("a"));
            assertThrows(JedisDataException.class, () -> jedis.incr("a"));
            assertEquals("jedis", jedis.clientGetname());
            assertTrue(jedis.info("server").contains("redis_version"));
            assertTrue(jedis.clientList().contains("lib-name=jedis"));
            shouldPipeline(jedis);
            shouldScan(jedis);
        }
        try (JedisPooled pool = new JedisPooled(address, config)) {
            assertEquals("2.5", pool.getDel("a"));
        }
    }

    private static void shouldPipeline(Jedis jedis) {
        Pipeline pipeline = jedis.pipelined();
        List<Response<Long>> sums = new ArrayList<>();
        for (int i = 0; i < 1000; i++) {
            sums.add(pipeline.incr("pipelined"));
        }
        pipeline.sync();
        for (int i = 0; i < 1000; i++) {
            assertEquals(i + 1, sums.get(i).get());
        }
    }

    private static void shouldScan(Jedis jedis) {
        for (int i = 0; i < 100; i++) {
            jedis.set("scan:" + i, "v");
        }
        Set<String> seen = new HashSet<>();
        String cursor = ScanParams.SCAN_POINTER_START;
        do {
            ScanResult<String> page = jedis.scan(cursor, new ScanParams().match("scan:*").count(7));
            seen.addAll(page.getResult());
            cursor = page.getCursor();
        } while (!cursor.equals(ScanParams.SCAN_POINTER_START));
        assertEquals(100, seen.size());
    }

    @ParameterizedTest
    @EnumSource(ProtocolVersion.class)
    void shouldServeLettuce(ProtocolVersion protocol) {
        RedisURI uri =
                RedisURI.builder()
                        .withHost("127.0.0.1")
                        .withPort(listener.port())
                        .withPassword("secret".toCharArray())
                        .withClientName("lettuce")
                        .build();
        RedisClient client = RedisClient.create(uri);
        client.setOptions(ClientOptions.builder().protocolVersion(protocol).build());
        try (StatefulRedisConnection<String, String> connection = client.connect()) {
            RedisCommands<String, String> commands = connection.sync();
            assertEquals("OK", commands.set("a", "1", SetArgs.Builder.px(100_000)));
            assertEquals("1", commands.setGet("a", "5"));
            assertEquals(4, commands.decr("a"));
            assertEquals(-1, commands.ttl("a"));
            assertEquals("4", commands.get("a"));
            assertNull(commands.get("nosuch"));
            assertThrows(RedisCommandExecutionException.class, () -> commands.hset("a", "f", "v"));
            assertEquals("lettuce", commands.clientGetname());
            assertTrue(commands.commandCount() > 50);
            assertEquals(
                    List.of("master", 1L), List.of(commands.role().get(0), commands.exists("a")));
            shouldPipeline(connection.async());
        } finally {
            client.shutdown(Duration.ZERO, Duration.ofSeconds(10));
        }
    }

    private static void shouldPipeline(RedisAsyncCommands<String, String> commands) {
        List<RedisFuture<Long>> sums = new ArrayList<>();
        for (int i = 0; i < 1000; i++) {
            sums.add(commands.incr("pipelined"));
        }
        assertTrue(
                LettuceFutures.awaitAll(
                        Duration.ofSeconds(20), sums.toArray(new RedisFuture<?>[0])));
        for (int i = 0; i < 1000; i++) {
            assertEquals(i + 1, sums.get(i).toCompletableFuture().join());
        }
    }

    @Test
    void shouldRefuseAWrongPasswordOfJedis() {
        HostAndPort address = new HostAndPort("127.0.0.1", listener.port());
        DefaultJedisClientConfig wrong = DefaultJedisClientConfig.builder().password("x").build();
        assertThrows(RuntimeException.class, () -> new Jedis(address, wrong).close());
    }
}
