package io.hotpair.resp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.ConnectException;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Prometheus's exporter for Redis, Debian's, asked for the same of a real server and of ours. */
class ExporterTest {
    private static final String PROGRAM = "prometheus-redis-exporter";

    /** What is not known here, so INFO has no such field. */
    private static final Set<String> NOT_TOLD =
            Set.of(
                    // How many expired keys are not removed yet, and how often their cycle was cut.
                    "redis_expired_stale_percentage",
                    "redis_expired_time_cap_reached_total",
                    // No thread executes all commands.
                    "redis_cpu_sys_main_thread_seconds_total",
                    "redis_cpu_user_main_thread_seconds_total",
                    // A replica that comes back goes on in the log; nobody counts that.
                    "redis_replica_partial_resync_accepted",
                    "redis_replica_partial_resync_denied");

    private static final List<String[]> COMMANDS =
            List.of(
                    new String[] {"SET", "key:number", "17"},
                    new String[] {"RPUSH", "key:list", "a", "b", "c"},
                    new String[] {"SADD", "key:set", "a", "b"},
                    new String[] {"ZADD", "key:zset", "1", "a"},
                    new String[] {"HSET", "key:hash", "f", "v"},
                    new String[] {"PFADD", "key:hll", "a", "b"},
                    new String[] {"XADD", "stream", "1-1", "f", "v"},
                    new String[] {"XADD", "stream", "1-2", "f", "v"},
                    new String[] {"XGROUP", "CREATE", "stream", "group", "0"},
                    new String[] {
                        "XREADGROUP",
                        "GROUP",
                        "group",
                        "consumer",
                        "COUNT",
                        "1",
                        "STREAMS",
                        "stream",
                        ">"
                    },
                    new String[] {"EXPIRE", "key:set", "1000"},
                    new String[] {"CONFIG", "SET", "slowlog-log-slower-than", "1000000"},
                    new String[] {"SLOWLOG", "RESET"},
                    new String[] {"GET", "key:list"});

    private final TestListener listener = TestListener.open();

    @AfterEach
    void close() {
        listener.close();
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0)) {
            return socket.getLocalPort();
        }
    }

    /** Asks as soon as the exporter listens. */
    private static String get(URI address) {
        HttpClient http = HttpClient.newHttpClient();
        HttpRequest request = HttpRequest.newBuilder(address).build();
        String[] body = new String[1];
        Await.until(
                () -> {
                    try {
                        body[0] = http.send(request, HttpResponse.BodyHandlers.ofString()).body();
                        return true;
                    } catch (ConnectException e) {
                        return false;
                    } catch (IOException | InterruptedException e) {
                        throw new IllegalStateException(e);
                    }
                },
                () -> address);
        return body[0];
    }

    /** The lines without comments that begin with one of these. */
    private static List<String> lines(String metrics, String... beginnings) {
        return metrics.lines()
                .filter(line -> List.of(beginnings).stream().anyMatch(line::startsWith))
                .map(line -> line.replaceAll("(_idle_seconds\\{.*) .*", "$1"))
                .sorted()
                .toList();
    }

    private static Set<String> names(String metrics) {
        return lines(metrics, "redis_").stream()
                .map(line -> line.replaceAll("[{ ].*", ""))
                .collect(Collectors.toCollection(TreeSet::new));
    }

    @Test
    void shouldTellPrometheusWhatRedisTellsIt() throws Exception {
        RealRedis.require(PROGRAM);
        int webPort = freePort();
        Process exporter =
                new ProcessBuilder(
                                PROGRAM,
                                "-redis.addr=",
                                "-web.listen-address=127.0.0.1:" + webPort,
                                "-check-keys=key:*",
                                "-check-streams=stream",
                                "-export-client-list",
                                "-include-system-metrics")
                        .redirectErrorStream(true)
                        .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                        .start();
        try (RealRedis redis = RealRedis.start();
                RawClient theirs = new RawClient(redis.port());
                RawClient ours = listener.connect()) {
            for (String[] command : COMMANDS) {
                theirs.call(command);
                ours.call(command);
            }
            String scrape = "http://127.0.0.1:" + webPort + "/scrape?target=redis://127.0.0.1:";
            String expected = get(URI.create(scrape + redis.port()));
            String actual = get(URI.create(scrape + listener.port()));
            Set<String> wanted = names(expected);
            wanted.removeAll(NOT_TOLD);
            assertTrue(wanted.size() > 120, expected);
            wanted.removeAll(names(actual));
            assertEquals(Set.of(), wanted);
            String[] same = {
                "redis_up ",
                "redis_exporter_last_scrape_error",
                "redis_key_",
                "redis_stream_",
                "redis_slowlog",
                "redis_errors_total",
                "redis_connected_slaves",
                "redis_db_keys{db=\"db0\"}",
                "redis_db_keys_expiring{db=\"db0\"}"
            };
            assertEquals(lines(expected, same), lines(actual, same));
        } finally {
            exporter.destroyForcibly().waitFor();
        }
    }
}
