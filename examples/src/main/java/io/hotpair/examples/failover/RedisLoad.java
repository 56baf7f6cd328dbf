package io.hotpair.examples.failover;

import java.util.concurrent.locks.LockSupport;
import redis.clients.jedis.DefaultJedisClientConfig;
import redis.clients.jedis.HostAndPort;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.exceptions.JedisException;

/**
 * A Redis client that replays the trace, as an application would that knows both addresses: when a
 * node refuses or is gone, it tries the other one. Each connection writes its own keys, so that
 * what a fail-over lost is not written over afterwards.
 *
 * <p>It can be told to lie, by reporting writes before it makes them: that is how the auditor is
 * tested.
 */
final class RedisLoad implements AutoCloseable {
    private static final String WRITER = "redis";
    private static final int TIMEOUT_MS = 1_000;
    private static final int PATIENT_TIMEOUT_MS = 20_000;

    private final Layout layout;
    private final Trace trace;
    private final Auditor auditor;
    private final long liedAhead;
    private final Thread thread = new Thread(this::run, "redis-client");
    private volatile boolean running = true;
    private volatile long firstAckNs;
    private volatile boolean watching;
    private volatile boolean paused;
    private volatile boolean idle;
    private volatile int connection;

    RedisLoad(Layout layout, Trace trace, Auditor auditor) {
        this(layout, trace, auditor, 0);
    }

    /** One that reports so many writes ahead as acknowledged. */
    RedisLoad(Layout layout, Trace trace, Auditor auditor, long liedAhead) {
        this.layout = layout;
        this.trace = trace;
        this.auditor = auditor;
        this.liedAhead = liedAhead;
        thread.setDaemon(true);
        thread.start();
    }

    private void run() {
        long sequence = 0;
        int node = 0;
        for (int number = 1; running; number++) {
            connection = number;
            try (Jedis jedis = connect(layout, Layout.DATA_NODES.get(node))) {
                while (running) {
                    if (paused) {
                        idle = true;
                        LockSupport.parkNanos(1_000_000);
                        continue;
                    }
                    idle = false;
                    // A number is used once, even if the write fails: nobody knows what became of
                    // it.
                    long used = sequence++;
                    if (liedAhead > 0) {
                        acknowledged(used + liedAhead);
                    }
                    jedis.set(key(used), Auditor.value(used));
                    if (liedAhead == 0) {
                        acknowledged(used);
                    }
                    if (watching) {
                        firstAckNs = System.nanoTime();
                        watching = false;
                    }
                }
            } catch (JedisException e) {
                node = 1 - node;
                LockSupport.parkNanos(5_000_000);
            }
        }
    }

    /** What the keys of the present connection begin with. */
    String writer() {
        return WRITER + connection + ":";
    }

    private String key(long sequence) {
        return writer() + trace.key(sequence);
    }

    private void acknowledged(long sequence) {
        auditor.acknowledged(key(sequence), sequence);
    }

    static Jedis connect(Layout layout, String node) {
        return connect(layout, node, TIMEOUT_MS);
    }

    /** A connection that waits long for its replies: for who reads a great many at once. */
    static Jedis connectPatiently(Layout layout, String node) {
        return connect(layout, node, PATIENT_TIMEOUT_MS);
    }

    private static Jedis connect(Layout layout, String node, int timeoutMs) {
        return new Jedis(
                new HostAndPort("127.0.0.1", layout.clientPort(node)),
                DefaultJedisClientConfig.builder()
                        .connectionTimeoutMillis(timeoutMs / 2)
                        .socketTimeoutMillis(timeoutMs)
                        .build());
    }

    /** Stops or goes on; a write under way ends first. */
    void pause(boolean pause) {
        idle = false;
        paused = pause;
    }

    /** Whether it is paused and no write is under way. */
    boolean isIdle() {
        return idle;
    }

    /** Notes when the next write is acknowledged. */
    void watchForFirstAck() {
        firstAckNs = 0;
        watching = true;
    }

    long firstAckNs() {
        return firstAckNs;
    }

    @Override
    public void close() {
        stop();
    }

    /** Ends the load; returns when the last write was answered or given up. */
    void stop() {
        running = false;
        try {
            thread.join(5_000);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
