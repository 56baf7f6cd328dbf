package io.hotpair.replication.ratis;

import static org.junit.jupiter.api.Assertions.fail;

import io.hotpair.HotpairException;
import io.hotpair.replication.register.RegisterView;
import io.hotpair.replication.register.TopologyState;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** The voters a, b and the witness w in this JVM, on free loopback ports. */
final class VoterGroup implements AutoCloseable {

    static final List<String> NAMES = List.of("a", "b", "w");

    private final Path directory;
    private final Map<String, Integer> ports;
    private final Map<String, RatisRegister> open = new TreeMap<>();
    private final UnaryOperator<VoterConfig.Builder> customizing;

    VoterGroup(Path directory) throws IOException {
        this(directory, UnaryOperator.identity());
    }

    VoterGroup(Path directory, UnaryOperator<VoterConfig.Builder> customizing) throws IOException {
        this.customizing = customizing;
        this.directory = directory;
        this.ports = freePorts();
    }

    VoterConfig.Builder config(String name) {
        VoterConfig.Builder builder =
                VoterConfig.builder("test", name).witness("w").directory(directory.resolve(name));
        ports.forEach((voter, port) -> builder.voter(voter, "127.0.0.1:" + port));
        return customizing.apply(builder);
    }

    int port(String name) {
        return ports.getOrDefault(name, 0);
    }

    RatisRegister open(String name) {
        return open(name, Voter.SNAPSHOT_EVERY);
    }

    RatisRegister open(String name, long snapshotEvery) {
        RatisRegister register = RatisRegister.open(config(name).build(), snapshotEvery);
        open.put(name, register);
        return register;
    }

    VoterGroup openAll() {
        NAMES.forEach(this::open);
        return this;
    }

    RatisRegister get(String name) {
        RatisRegister register = open.get(name);
        if (register == null) {
            throw new AssertionError("voter=" + name + " is not open");
        }
        return register;
    }

    /** At the same time: each takes a second, until a thread of Ratis looks up. */
    void close(String... names) {
        CompletableFuture<?>[] closing =
                Stream.of(names)
                        .map(
                                name ->
                                        CompletableFuture.runAsync(
                                                get(name)::close,
                                                task -> new Thread(task, "closing").start()))
                        .toArray(CompletableFuture<?>[]::new);
        CompletableFuture.allOf(closing).join();
        List.of(names).forEach(open::remove);
    }

    /** The voter that leads, once there is one that answers. */
    String leader() throws Exception {
        return eventually(
                "a leader",
                () ->
                        open.entrySet().stream()
                                .filter(e -> e.getValue().voter().isLeader())
                                .map(Map.Entry::getKey)
                                .findFirst()
                                .orElse(null));
    }

    /** Repeats a call until it is answered. */
    static RegisterView answered(Callable<CompletableFuture<RegisterView>> call) throws Exception {
        return eventually(
                "an answer",
                () -> {
                    try {
                        return call.call().get(5, TimeUnit.SECONDS);
                    } catch (ExecutionException e) {
                        if (e.getCause() instanceof HotpairException) {
                            return null;
                        }
                        throw e;
                    }
                });
    }

    /** Makes node the master in a new term, when the lease allows it. */
    static RegisterView makeMaster(RatisRegister by, String node) throws Exception {
        return eventually(
                "master=" + node,
                () -> {
                    RegisterView view = answered(by::read);
                    TopologyState next = States.next(view.state(), view.state().term() + 1, node);
                    RegisterView after =
                            answered(() -> by.compareAndSet(view.state().version(), next));
                    return after.accepted() ? after : null;
                });
    }

    /** Makes some change that leaves the master alone. */
    static TopologyState changeB(RatisRegister by) throws Exception {
        return eventually(
                "change",
                () -> {
                    TopologyState state = answered(by::read).state();
                    TopologyState next =
                            States.withIncarnation(state, "b", state.version() + 1_000);
                    RegisterView view = answered(() -> by.compareAndSet(state.version(), next));
                    return view.accepted() ? view.state() : null;
                });
    }

    static <T> T eventually(String what, Callable<@Nullable T> condition) throws Exception {
        long deadlineNs = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
        while (System.nanoTime() < deadlineNs) {
            T found = condition.call();
            if (found != null) {
                return found;
            }
            TimeUnit.MILLISECONDS.sleep(10);
        }
        return fail("no " + what + " within 20 s");
    }

    static RegisterView now(CompletableFuture<RegisterView> future) {
        try {
            return future.join();
        } catch (CompletionException e) {
            if (e.getCause() instanceof HotpairException cause) {
                throw cause;
            }
            throw e;
        }
    }

    static Map<String, Integer> freePorts() throws IOException {
        Map<String, Integer> ports = new LinkedHashMap<>();
        List<ServerSocket> sockets = new ArrayList<>();
        for (String name : NAMES) {
            ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
            sockets.add(socket);
            ports.put(name, socket.getLocalPort());
        }
        for (ServerSocket socket : sockets) {
            socket.close();
        }
        return ports;
    }

    void closeAll() {
        close(open.keySet().toArray(String[]::new));
    }

    @Override
    public void close() {
        closeAll();
    }
}
