package io.hotpair.resp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.lettuce.core.RedisClient;
import io.lettuce.core.RedisURI;
import io.lettuce.core.ScriptOutputType;
import io.lettuce.core.api.StatefulRedisConnection;
import io.lettuce.core.api.sync.RedisCommands;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import redis.clients.jedis.DefaultJedisClientConfig;
import redis.clients.jedis.HostAndPort;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.RedisProtocol;
import redis.clients.jedis.exceptions.JedisDataException;
import redis.clients.jedis.exceptions.JedisNoScriptException;

/** Scripts and functions through client libraries. */
class ScriptLibrariesTest {
    private static final String COUNT =
            "local n = redis.call('INCRBY', KEYS[1], ARGV[1]) return {n, KEYS[1]}";
    private static final String LIBRARY =
            "#!lua name=lib\nredis.register_function('double', function(keys, args) return args[1] *"
                    + " 2 end)";

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
        try (Jedis jedis = new Jedis(new HostAndPort("127.0.0.1", listener.port()), config)) {
            assertEquals(List.of(5L, "n"), jedis.eval(COUNT, List.of("n"), List.of("5")));
            String sha = jedis.scriptLoad(COUNT);
            assertEquals(List.of(7L, "n"), jedis.evalsha(sha, List.of("n"), List.of("2")));
            assertEquals(List.of(true, false), jedis.scriptExists(sha, "abc"));
            assertEquals("OK", jedis.scriptFlush());
            assertThrows(JedisNoScriptException.class, () -> jedis.evalsha(sha, 1, "n", "1"));
            assertThrows(JedisDataException.class, () -> jedis.eval("return nosuch"));

            assertEquals("lib", jedis.functionLoad(LIBRARY));
            assertEquals(42L, jedis.fcall("double", List.of(), List.of("21")));
            assertEquals("lib", jedis.functionList().get(0).getLibraryName());
            assertEquals("OK", jedis.functionDelete("lib"));
        }
    }

    @Test
    void shouldServeLettuce() {
        RedisClient client = RedisClient.create(RedisURI.create("127.0.0.1", listener.port()));
        try (StatefulRedisConnection<String, String> connection = client.connect()) {
            RedisCommands<String, String> redis = connection.sync();
            List<Object> result =
                    redis.eval(COUNT, ScriptOutputType.MULTI, new String[] {"n"}, "5");
            assertEquals(List.of(5L, "n"), result);
            String sha = redis.scriptLoad(COUNT);
            assertEquals(redis.digest(COUNT), sha);
            List<Object> again =
                    redis.evalsha(sha, ScriptOutputType.MULTI, new String[] {"n"}, "2");
            assertEquals(List.of(7L, "n"), again);
            boolean isTrue = redis.eval("return true", ScriptOutputType.BOOLEAN);
            assertEquals(true, isTrue);

            assertEquals("lib", redis.functionLoad(LIBRARY));
            long doubled =
                    redis.<Long>fcall("double", ScriptOutputType.INTEGER, new String[0], "21");
            assertEquals(42, doubled);
        } finally {
            client.shutdown(0, 2, TimeUnit.SECONDS);
        }
    }
}
