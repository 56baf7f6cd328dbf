package io.hotpair.resp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.hotpair.resp.LatencyMonitor.Events;
import io.hotpair.resp.LatencyMonitor.Sample;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

class LatencyTest {
    /** A thousand times a thousand steps, and more than a millisecond for anybody. */
    private static final String SLOW = "x".repeat(3000);

    private static LatencyMonitor monitor() {
        return new LatencyMonitor(new Settings(RespConfig.builder().build()));
    }

    private static Events events(LatencyMonitor monitor) {
        return monitor.all().get(0);
    }

    @Test
    void shouldKeepTheWorstOfEachSecond() {
        LatencyMonitor monitor = monitor();
        for (Sample sample :
                List.of(
                        new Sample(7, 5),
                        new Sample(7, 9),
                        new Sample(7, 8),
                        new Sample(9, 2),
                        new Sample(10, 3))) {
            monitor.add("command", sample);
        }
        assertEquals(
                new Events(
                        "command",
                        List.of(new Sample(7, 9), new Sample(9, 2), new Sample(10, 3)),
                        9),
                monitor.events("command"));
        assertTrue(monitor.reset("command"));
        assertEquals(List.of(), monitor.all());
    }

    @Test
    void shouldKeepTheLatestSamplesAndTheWorstOfAll() {
        LatencyMonitor monitor = monitor();
        for (int i = 1; i <= 200; i++) {
            monitor.add("command", new Sample(i, 1000 - i));
        }
        Events kept = events(monitor);
        assertEquals(160, kept.samples().size());
        assertEquals(new Sample(41, 959), kept.samples().get(0));
        assertEquals(new Sample(200, 800), kept.latest());
        assertEquals(999, kept.worstMs());
    }

    @Test
    void shouldSayInWordsWhatWasSeen() {
        LatencyMonitor monitor = monitor();
        monitor.add("command", new Sample(10, 100));
        monitor.add("command", new Sample(20, 300));
        monitor.add("fast-command", new Sample(30, 7));
        String report = monitor.report(30);
        assertTrue(
                report.contains(
                        "1. command: 2 latency spikes (average 200ms, mean deviation 100ms, period"
                                + " 10.00 sec). Worst all time event 300ms.\n"
                                + "2. fast-command: 1 latency spikes (average 7ms, mean deviation"
                                + " 0ms, period 1.00 sec). Worst all time event 7ms.\n"),
                report);
        assertTrue(report.contains("CONFIG SET slowlog-log-slower-than"), report);
        assertTrue(report.contains("garbage collections"), report);
    }

    @Test
    void shouldDrawSamplesAsRedisDoes() {
        List<Sample> samples = new ArrayList<>();
        for (int i = 0; i <= 12; i++) {
            samples.add(new Sample(100_000 - 20 * i, 10 + i));
        }
        samples.add(new Sample(90_000, 22));
        samples.add(new Sample(0, 10));
        assertEquals(
                "command - high 22 ms, low 10 ms (all time high 99 ms)\n"
                        + "-".repeat(80)
                        + "\n"
                        + """
                                 _o###\s
                              _o#|||||\s
                           _o#||||||||\s
                        _o#|||||||||||_
                                      \s
                        024111222333421
                        s00mmmmmmmmmmhd
                         ss"""
                        + " ".repeat(12)
                        + "\n",
                LatencyGraph.of(new Events("command", samples, 99), 100_000));
    }

    @Test
    void shouldCountWithinAnEighthOfTheTime() {
        LatencyHistogram histogram = new LatencyHistogram();
        for (long ns = 0; ns < 200_000; ns++) {
            histogram.record(ns);
        }
        assertEquals(200_000, histogram.count());
        for (int bits = 3; bits <= 17; bits++) {
            assertEquals(1L << bits, histogram.countBelow(1L << bits));
        }
        for (double percentile : new double[] {0.001, 1, 50, 99, 100}) {
            double exact = percentile / 100 * 200_000;
            double told = histogram.percentileNs(percentile);
            assertTrue(told >= exact - 1 && told <= exact * 9 / 8 + 1, exact + " told as " + told);
        }
        histogram.record(-5);
        histogram.record(Long.MAX_VALUE);
        assertEquals(200_001, histogram.countBelow(1 << 29));
        assertEquals(200_002, histogram.countBelow(1 << 30));
        assertEquals(0, new LatencyHistogram().percentileNs(50));
    }

    private static <T> List<T> both(Function<RawClient, T> asked) {
        try (RealRedis redis = RealRedis.start();
                TestListener listener = TestListener.open();
                RawClient theirs = new RawClient(redis.port());
                RawClient ours = listener.connect()) {
            return List.of(asked.apply(theirs), asked.apply(ours));
        }
    }

    /** Numbers that were measured are not compared. */
    private static String masked(String reply) {
        return Pattern.compile(":[1-9]\\d*\r\n").matcher(reply).replaceAll(":N\r\n");
    }

    /** Nothing else is noted, however long it may take on a busy machine. */
    private static void slowly(RawClient client) {
        client.call("CONFIG", "SET", "latency-monitor-threshold", "1");
        client.call("LCS", "a", "b", "LEN");
        client.call("CONFIG", "SET", "latency-monitor-threshold", "1000000");
    }

    @Test
    void shouldNoteASlowCommandAsRedisDoes() {
        List<List<String>> replies =
                both(
                        client -> {
                            client.call("MSET", "a", SLOW, "b", SLOW);
                            slowly(client);
                            List<String> seen = new ArrayList<>();
                            seen.add(masked(client.call("LATENCY", "LATEST")));
                            seen.add(masked(client.call("LATENCY", "HISTORY", "command")));
                            seen.add(client.call("LATENCY", "HISTORY", "COMMAND"));
                            seen.add(
                                    client.call("LATENCY", "GRAPH", "command")
                                            .replaceAll("\\d+", "N"));
                            seen.add(client.call("LATENCY", "RESET", "x", "command"));
                            slowly(client);
                            seen.add(client.call("LATENCY", "RESET"));
                            seen.add(client.call("LATENCY", "LATEST"));
                            return seen;
                        });
        assertEquals(replies.get(0), replies.get(1));
    }

    @Test
    void shouldTellTheTimesOfCommandsInTheFormOfRedis() {
        List<List<String>> replies =
                both(
                        client -> {
                            client.call("HELLO", "3");
                            client.call("SET", "k", "v");
                            client.call("CLIENT", "ID");
                            List<String> seen = new ArrayList<>();
                            for (String command : List.of("set", "client", "client|id", "SET")) {
                                // In which bucket it is depends on the machine.
                                seen.add(
                                        client.call("LATENCY", "HISTOGRAM", command)
                                                .replaceAll("%1\r\n:\\d+\r\n", "%1\r\n:N\r\n"));
                            }
                            seen.add(
                                    Pattern.compile("latency_percentiles_usec_set:[^\r]*")
                                            .matcher(client.call("INFO", "latencystats"))
                                            .results()
                                            .map(
                                                    found ->
                                                            found.group()
                                                                    .replaceAll("=[\\d.]+", "=N"))
                                            .toList()
                                            .toString());
                            client.call("CONFIG", "RESETSTAT");
                            return seen;
                        });
        assertEquals(replies.get(0), replies.get(1));
    }

    @Test
    void shouldForgetTheTimesOfCommandsWithTheStatistics() {
        try (TestListener listener = TestListener.open();
                RawClient client = listener.connect()) {
            client.call("SET", "k", "v");
            client.call("CONFIG", "RESETSTAT");
            Await.until(
                    () -> client.call("LATENCY", "HISTOGRAM", "set").equals("*0\r\n"),
                    () -> client.call("LATENCY", "HISTOGRAM"));
        }
    }
}
