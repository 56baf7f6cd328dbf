package io.hotpair.resp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.lettuce.core.KeyValue;
import io.lettuce.core.RedisClient;
import io.lettuce.core.RedisURI;
import io.lettuce.core.api.StatefulRedisConnection;
import io.lettuce.core.api.async.RedisAsyncCommands;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import redis.clients.jedis.DefaultJedisClientConfig;
import redis.clients.jedis.HostAndPort;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.RedisProtocol;
import redis.clients.jedis.args.ListDirection;
import redis.clients.jedis.args.UnblockType;
import redis.clients.jedis.params.LPosParams;

/** Hashes, lists and sets by the two libraries that most Java applications use. */
class CollectionLibrariesTest {
    private final TestListener listener = TestListener.open();

    @AfterEach
    void close() {
        listener.close();
    }

    @ParameterizedTest
    @EnumSource(RedisProtocol.class)
    void shouldServeJedis(RedisProtocol protocol) {
        DefaultJedisClientConfig config =
                DefaultJedisClientConfig.builder().protocol(protocol).build();
        HostAndPort address = new HostAndPort("127.0.0.1", listener.port());
        try (Jedis jedis = new Jedis(address, config);
                Jedis other = new Jedis(address, config)) {
            assertEquals(2, jedis.hset("h", Map.of("a", "1", "b", "2")));
            assertEquals(Map.of("a", "1", "b", "2"), jedis.hgetAll("h"));
            assertEquals(3.5, jedis.hincrByFloat("h", "a", 2.5));
            assertEquals(2, jedis.hrandfieldWithValues("h", 2).size());
            assertEquals(2, jedis.hscan("h", "0").getResult().size());
            assertEquals(List.of(1L), jedis.hexpire("h", 100, "a"));
            assertEquals(List.of(100L, -1L), jedis.httl("h", "a", "b"));

            assertEquals(4, jedis.rpush("l", "a", "b", "c", "a"));
            assertEquals(List.of("b", "c"), jedis.lrange("l", 1, 2));
            assertEquals(List.of(0L, 3L), jedis.lpos("l", "a", LPosParams.lPosParams(), 0));
            assertEquals("a", jedis.lmove("l", "m", ListDirection.LEFT, ListDirection.RIGHT));
            assertEquals(List.of("m", "a"), jedis.blpop(1, "none", "m"));
            assertEquals(List.of("a", "c"), jedis.lmpop(ListDirection.RIGHT, 2, "l").getValue());
            assertNull(jedis.blpop(0.01, "none"));

            assertEquals(3, jedis.sadd("s", "a", "b", "c"));
            assertEquals(2, jedis.sadd("t", "b", "c"));
            assertEquals(Set.of("b", "c"), jedis.sinter("s", "t"));
            assertEquals(2, jedis.sintercard("s", "t"));
            assertEquals(List.of(true, false), jedis.smismember("s", "a", "x"));
            assertEquals(Set.of("a", "b", "c"), jedis.spop("s", 5));
            assertEquals(0, other.clientUnblock(jedis.clientId(), UnblockType.TIMEOUT));
        }
    }

    @Test
    void shouldServeLettuce() throws Exception {
        RedisClient client =
                RedisClient.create(
                        RedisURI.builder().withHost("127.0.0.1").withPort(listener.port()).build());
        try (StatefulRedisConnection<String, String> one = client.connect();
                StatefulRedisConnection<String, String> two = client.connect()) {
            RedisAsyncCommands<String, String> waiting = one.async();
            var popped = waiting.blpop(0, "k", "l");
            var behind = waiting.hset("h", "a", "1");
            assertEquals(1, two.sync().rpush("l", "x"));
            assertEquals(KeyValue.just("l", "x"), popped.get(20, TimeUnit.SECONDS));
            assertTrue(behind.get(20, TimeUnit.SECONDS));
            two.sync().sadd("s", "a", "b");
            two.sync().sadd("t", "b", "c");
            assertEquals(Set.of("a", "b", "c"), new TreeSet<>(two.sync().sunion("s", "t")));
            assertEquals(Map.of("a", "1"), two.sync().hgetall("h"));
        } finally {
            client.shutdown(0, 0, TimeUnit.SECONDS);
        }
    }
}
