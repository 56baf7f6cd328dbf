package io.hotpair.resp;

import io.netty.util.NetUtil;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/**
 * Looks up the addresses of hosts, which may take long, in threads of its own. They are there only
 * while there is a name to look up. Thread-safe.
 */
final class HostNames implements AutoCloseable {
    private static final int THREADS = 2;
    private static final int MAX_WAITING = 1_000;

    private final ThreadPoolExecutor threads;

    HostNames(String keyspace) {
        threads =
                new ThreadPoolExecutor(
                        THREADS,
                        THREADS,
                        1,
                        TimeUnit.SECONDS,
                        new LinkedBlockingQueue<>(MAX_WAITING),
                        task -> {
                            Thread thread = new Thread(task, "hotpair-host-names-" + keyspace);
                            thread.setDaemon(true);
                            return thread;
                        });
        threads.allowCoreThreadTimeOut(true);
    }

    /**
     * The address of a host. What is an address already is nothing to wait for.
     *
     * @return fails if there is none, or too many are looked up
     */
    CompletableFuture<InetAddress> find(String host) {
        InetAddress literal = NetUtil.createInetAddressFromIpAddressString(host);
        if (literal != null) {
            return CompletableFuture.completedFuture(literal);
        }
        try {
            return CompletableFuture.supplyAsync(() -> lookUp(host), threads);
        } catch (RejectedExecutionException e) {
            return CompletableFuture.failedFuture(e);
        }
    }

    private static InetAddress lookUp(String host) {
        try {
            if (host.isEmpty()) {
                // To Java that is this machine.
                throw new UnknownHostException("host=, expected a name or an address");
            }
            return InetAddress.getByName(host);
        } catch (UnknownHostException e) {
            throw new CompletionException(e);
        }
    }

    /** Looks nothing up any more. What the system is asked just now nobody can take back. */
    @Override
    public void close() {
        threads.shutdownNow();
    }
}
