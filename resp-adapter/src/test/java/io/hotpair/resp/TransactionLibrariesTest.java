package io.hotpair.resp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.lettuce.core.RedisClient;
import io.lettuce.core.RedisURI;
import io.lettuce.core.TransactionResult;
import io.lettuce.core.api.StatefulRedisConnection;
import io.lettuce.core.api.sync.RedisCommands;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import redis.clients.jedis.AbstractTransaction;
import redis.clients.jedis.DefaultJedisClientConfig;
import redis.clients.jedis.HostAndPort;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.RedisProtocol;
import redis.clients.jedis.Response;
import redis.clients.jedis.StreamEntryID;
import redis.clients.jedis.args.GeoUnit;
import redis.clients.jedis.params.XReadGroupParams;
import redis.clients.jedis.resps.StreamEntry;

/** Sorted sets, positions, streams and transactions through client libraries. */
class TransactionLibrariesTest {
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
            assertEquals(3, jedis.zadd("z", Map.of("a", 1.5, "b", 2.0, "c", 3.0)));
            assertEquals(2.5, jedis.zincrby("z", 1, "a"));
            assertEquals(List.of("b", "a", "c"), jedis.zrange("z", 0, -1));
            assertEquals(2.5, jedis.zrangeWithScores("z", 0, -1).get(1).getScore());
            assertEquals("c", jedis.zpopmax("z").getElement());
            assertEquals("b", jedis.bzpopmin(1, "none", "z").getValue().getElement());

            assertEquals(1, jedis.geoadd("g", 13.361389, 38.115556, "Palermo"));
            assertEquals(1, jedis.geoadd("g", 15.087269, 37.502669, "Catania"));
            assertEquals(166.2742, jedis.geodist("g", "Palermo", "Catania", GeoUnit.KM));
            assertEquals(2, jedis.geopos("g", "Palermo", "Catania").size());

            StreamEntryID id = jedis.xadd("s", StreamEntryID.NEW_ENTRY, Map.of("f", "v"));
            assertEquals("OK", jedis.xgroupCreate("s", "group", new StreamEntryID("0-0"), false));
            List<Map.Entry<String, List<StreamEntry>>> read =
                    jedis.xreadGroup(
                            "group",
                            "consumer",
                            XReadGroupParams.xReadGroupParams().count(10).block(1000),
                            Map.of("s", StreamEntryID.XREADGROUP_UNDELIVERED_ENTRY));
            assertEquals(id, read.get(0).getValue().get(0).getID());
            assertEquals(1, jedis.xpending("s", "group").getTotal());
            assertEquals(1, jedis.xack("s", "group", id));
            assertEquals(1, jedis.xinfoStream("s").getLength());

            jedis.watch("n");
            AbstractTransaction transaction = jedis.multi();
            Response<Long> sum = transaction.incr("n");
            Response<List<String>> members = transaction.zrange("z", 0, -1);
            assertEquals(2, transaction.exec().size());
            assertEquals(1, sum.get());
            assertEquals(List.of("a"), members.get());
            jedis.watch("n");
            other.incr("n");
            AbstractTransaction late = jedis.multi();
            late.set("n", "lost");
            assertNull(late.exec());
            assertEquals("2", jedis.get("n"));
        }
    }

    @Test
    void shouldServeLettuce() {
        RedisClient client =
                RedisClient.create(
                        RedisURI.builder().withHost("127.0.0.1").withPort(listener.port()).build());
        try (StatefulRedisConnection<String, String> one = client.connect();
                StatefulRedisConnection<String, String> two = client.connect()) {
            RedisCommands<String, String> commands = one.sync();
            assertEquals("OK", commands.mset(Map.of("a", "1", "b", "2")));
            commands.watch("a");
            commands.multi();
            assertNull(commands.incr("a"));
            assertNull(commands.zadd("z", 1, "m"));
            TransactionResult result = commands.exec();
            assertEquals(2L, result.<Long>get(0));
            assertEquals(1L, result.<Long>get(1));
            commands.watch("a");
            two.sync().set("a", "7");
            commands.multi();
            commands.incr("a");
            assertTrue(commands.exec().wasDiscarded());
            assertEquals("7", commands.get("a"));
        } finally {
            client.shutdown(0, 0, TimeUnit.SECONDS);
        }
    }
}
