package io.hotpair.resp;

import io.hotpair.Clock;
import io.hotpair.Keyspace;
import io.hotpair.MaxMemoryPolicy;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/**
 * A server without a network, and a client of it: its connection was never made, and its event loop
 * never runs. It is as late as the test says.
 */
final class FuzzServer implements AutoCloseable {
    /** When it is at first. */
    static final long START_MS = 1_700_000_000_000L;

    private static final long MAX_MEMORY = 48 << 20;

    private final AtomicLong nowMs = new AtomicLong(START_MS);
    private final Keyspace keyspace;
    private final RespServer server;
    private final MultiThreadIoEventLoopGroup loops =
            new MultiThreadIoEventLoopGroup(
                    1, new DefaultThreadFactory("fuzz", true), NioIoHandler.newFactory());
    private final NioSocketChannel channel = new NioSocketChannel();
    private final Worker worker;
    private final Client client;

    FuzzServer() {
        keyspace =
                Keyspace.open(
                        Keyspace.builder()
                                .inMemory()
                                .maxMemory(MAX_MEMORY)
                                .maxMemoryPolicy(MaxMemoryPolicy.NOEVICTION)
                                .clock(new SetClock())
                                .build());
        server =
                new RespServer(
                        KeyspacePort.of(keyspace, nowMs::get),
                        RespConfig.builder().port(0).build());
        server.unhurried(true);
        worker = new Worker(loops.next(), server, 0);
        server.workers().add(worker);
        client = new Connection(1, channel, worker, keyspace.session()).client();
        signIn(true);
    }

    /** It comes from no address, so it is only let in when it is told to be. */
    void signIn(boolean whether) {
        if (whether) {
            client.account(server.acl().defaultAccount());
        } else {
            client.reset();
        }
    }

    Keyspace keyspace() {
        return keyspace;
    }

    RespServer server() {
        return server;
    }

    Worker worker() {
        return worker;
    }

    Client client() {
        return client;
    }

    long nowMs() {
        return nowMs.get();
    }

    void advance(long ms) {
        nowMs.addAndGet(ms);
    }

    @Override
    @SuppressWarnings("FutureReturnValueIgnored") // There is nothing that it could wait for.
    public void close() {
        server.scripts().close();
        channel.unsafe().closeForcibly();
        loops.shutdownGracefully(0, 0, TimeUnit.SECONDS);
        keyspace.close();
    }

    /** Says of the date what the test says; intervals are as long as they are. */
    private final class SetClock implements Clock {
        @Override
        public long currentTimeMs() {
            return nowMs.get();
        }

        @Override
        public long nanoTime() {
            return System.nanoTime();
        }
    }
}
