package io.hotpair.replication.internal;

import io.hotpair.Clock;
import io.hotpair.HotpairException;
import io.hotpair.log.MemoryLog;
import io.hotpair.replication.DataNode;
import io.hotpair.replication.Endpoint;
import io.hotpair.replication.PairEvent;
import io.hotpair.replication.register.RegisterView;
import io.hotpair.replication.register.TopologyRegister;
import io.hotpair.replication.register.TopologyState;
import io.hotpair.topology.Role;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Two nodes with real sockets and threads, in this JVM, over a register in memory. */
final class TestPair implements AutoCloseable {
    final MemoryRegister register = new MemoryRegister(Clock.SYSTEM);
    final Node a;
    final Node b;
    private final List<DataNode> dataNodes;
    private final int minInSync;
    private long shippingBytesPerSecond;
    private Function<String, TopologyRegister> registers = register::of;

    TestPair(Path directory, int minInSync) {
        this.minInSync = minInSync;
        dataNodes = List.of(dataNode("a"), dataNode("b"));
        a = new Node("a", directory.resolve("a"));
        b = new Node("b", directory.resolve("b"));
    }

    /** Makes the link as slow as this; before the nodes are started. */
    TestPair shipping(long bytesPerSecond) {
        shippingBytesPerSecond = bytesPerSecond;
        return this;
    }

    /** Decides by other registers than the one in memory; before the nodes are started. */
    TestPair registers(Function<String, TopologyRegister> opening) {
        registers = opening;
        return this;
    }

    List<DataNode> dataNodes() {
        return dataNodes;
    }

    static int freePort() {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    static DataNode dataNode(String name) {
        return new DataNode(
                name,
                new Endpoint("127.0.0.1", freePort()),
                new Endpoint("127.0.0.1", freePort()),
                new Endpoint("localhost", 6379));
    }

    Node awaitMaster() {
        Await.until("a master takes writes", () -> master() != null, this::describe);
        Node found = master();
        return found == null ? awaitMaster() : found;
    }

    @Nullable Node master() {
        for (Node node : List.of(a, b)) {
            if (node.session != null && node.keyspace.takesWrites()) {
                return node;
            }
        }
        return null;
    }

    void awaitInSync(int count) {
        Await.until(
                count + " members are in sync",
                () -> register.state().inSync().size() == count && rulesAdopted(count),
                this::describe);
    }

    private boolean rulesAdopted(int count) {
        Node master = master();
        return master != null
                && master.session().status().inSync().size() == count
                && master.keyspace.forcing() == (count == 1);
    }

    String describe() {
        return register.state() + " a=" + a.describe() + " b=" + b.describe();
    }

    @Override
    public void close() {
        a.stop();
        b.stop();
    }

    /** One node: what survives its process, and the process if it runs. */
    final class Node {
        final String name;
        final Path directory;
        final MemoryLog log = new MemoryLog(UUID.randomUUID());
        final Queue<PairEvent> events = new ConcurrentLinkedQueue<>();
        MemoryKeyspace keyspace;
        volatile boolean cutOff;
        @Nullable SharedSecret secret;
        @Nullable PairSession session;

        Node(String name, Path directory) {
            this.name = name;
            this.directory = directory;
            keyspace = new MemoryKeyspace(directory, log, Clock.SYSTEM, true);
        }

        Node start() {
            return start(0);
        }

        /** Starts where so many threads can't be started first. */
        Node start(int unstartableThreads) {
            keyspace = new MemoryKeyspace(directory, log, Clock.SYSTEM, true);
            keyspace.failThreads(unstartableThreads);
            PairSettings settings =
                    new PairSettings(
                            name,
                            dataNodes,
                            "127.0.0.1",
                            secret,
                            minInSync,
                            shippingBytesPerSecond,
                            false,
                            events::add);
            session = PairSession.start(settings, keyspace, this::openRegister);
            return this;
        }

        PairSession session() {
            PairSession running = session;
            if (running == null) {
                throw new AssertionError("node " + name + " does not run");
            }
            return running;
        }

        void stop() {
            PairSession running = session;
            session = null;
            if (running != null) {
                running.close();
            }
        }

        boolean isMaster() {
            return session().role() == Role.MASTER;
        }

        /** Writes and waits until that is acknowledged by the in-sync set. */
        long write(String key) {
            long opId = keyspace.put(key, "value of " + key);
            Await.until(
                    "opId=" + opId + " is committed",
                    () -> keyspace.committed().get() >= opId,
                    TestPair.this::describe);
            return opId;
        }

        @Nullable PairEvent lastEvent(PairEvent.Kind kind) {
            PairEvent last = null;
            for (PairEvent event : events) {
                last = event.kind() == kind ? event : last;
            }
            return last;
        }

        PairEvent awaitEvent(PairEvent.Kind kind) {
            Await.until(
                    kind + " on " + name, () -> lastEvent(kind) != null, TestPair.this::describe);
            PairEvent event = lastEvent(kind);
            if (event == null) {
                throw new AssertionError(kind + " was there and is gone");
            }
            return event;
        }

        String describe() {
            PairSession running = session;
            return (running == null ? "down" : running.status().toString())
                    + " lastOpId="
                    + log.lastOpId()
                    + " committed="
                    + keyspace.committed().get()
                    + " events="
                    + events;
        }

        private TopologyRegister openRegister() {
            TopologyRegister direct = registers.apply(name);
            return new TopologyRegister() {
                @Override
                public CompletableFuture<RegisterView> read() {
                    return unlessCutOff(direct::read);
                }

                @Override
                public CompletableFuture<RegisterView> compareAndSet(
                        long expectedVersion, TopologyState next) {
                    return unlessCutOff(() -> direct.compareAndSet(expectedVersion, next));
                }

                @Override
                public CompletableFuture<RegisterView> renewLease(long term, long incarnation) {
                    return unlessCutOff(() -> direct.renewLease(term, incarnation));
                }

                @Override
                public Set<String> silentVoters() {
                    return cutOff ? Set.of("witness w=nowhere:1") : direct.silentVoters();
                }

                @Override
                public void close() {
                    direct.close();
                }
            };
        }

        private CompletableFuture<RegisterView> unlessCutOff(
                Supplier<CompletableFuture<RegisterView>> question) {
            return cutOff
                    ? CompletableFuture.failedFuture(
                            new HotpairException(HotpairException.Category.CONSENSUS, "cut off"))
                    : question.get();
        }
    }
}
