package io.hotpair.examples.failover;

import java.util.concurrent.locks.LockSupport;
import redis.clients.jedis.DefaultJedisClientConfig;
import redis.clients.jedis.HostAndPort;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.exceptions.JedisException;

/**
 * A Redis client that replays the trace, as an application would that knows both addresses: when a
 * node refuses or is gone, it tries the other one.
 */
final class RedisLoad implements AutoCloseable {
    private static final String WRITER = "redis";

    private final Layout layout;
    private final Trace trace;
    private final Auditor auditor;
    private final Thread thread = new Thread(this::run, "redis-client");
    private volatile boolean running = true;
    private volatile long firstAckNs;
    private volatile boolean watching;
    private volatile boolean paused;
    private volatile boolean idle;

    RedisLoad(Layout layout, Trace trace, Auditor auditor) {
        this.layout = layout;
        this.trace = trace;
        this.auditor = auditor;
        thread.setDaemon(true);
        thread.start();
    }

    private void run() {
        long sequence = 0;
        int node = 0;
        while (running) {
            try (Jedis jedis = connect(layout, Layout.DATA_NODES.get(node))) {
                while (running) {
                    if (paused) {
                        idle = true;
                        LockSupport.parkNanos(1_000_000);
                        continue;
                    }
                    idle = false;
                    String key = WRITER + ":" + trace.key(sequence);
                    // A number is used once, even if the write fails: nobody knows what became of
                    // it.
                    long used = sequence++;
                    jedis.set(key, Auditor.value(used));
                    auditor.acknowledged(key, used);
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

    static Jedis connect(Layout layout, String node) {
        return new Jedis(
                new HostAndPort("127.0.0.1", layout.clientPort(node)),
                DefaultJedisClientConfig.builder()
                        .connectionTimeoutMillis(500)
                        .socketTimeoutMillis(1_000)
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
