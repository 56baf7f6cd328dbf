package io.hotpair.resp;

import io.hotpair.Keyspace;
import io.hotpair.MaxMemoryPolicy;
import java.util.function.UnaryOperator;

/** A listener on a keyspace in memory, under the policy that the server starts with. */
final class TestListener implements AutoCloseable {
    private final Keyspace keyspace;
    private final RespListener listener;

    private TestListener(Keyspace keyspace, RespListener listener) {
        this.keyspace = keyspace;
        this.listener = listener;
    }

    static TestListener open() {
        return open(config -> config);
    }

    static TestListener open(UnaryOperator<RespConfigBuilder> settings) {
        return open(128 << 20, settings);
    }

    static TestListener open(long maxMemoryBytes, UnaryOperator<RespConfigBuilder> settings) {
        return open(maxMemoryBytes, MaxMemoryPolicy.NOEVICTION, settings);
    }

    static TestListener open(
            long maxMemoryBytes,
            MaxMemoryPolicy policy,
            UnaryOperator<RespConfigBuilder> settings) {
        Keyspace keyspace =
                Keyspace.open(
                        Keyspace.builder()
                                .inMemory()
                                .maxMemory(maxMemoryBytes)
                                .maxMemoryPolicy(policy)
                                .build());
        RespConfig config = settings.apply(RespConfig.builder().port(0)).build();
        return new TestListener(keyspace, RespListener.open(keyspace, config));
    }

    Keyspace keyspace() {
        return keyspace;
    }

    RespListener listener() {
        return listener;
    }

    RespServer server() {
        return listener.server();
    }

    int port() {
        return listener.port();
    }

    RawClient connect() {
        return new RawClient(port());
    }

    @Override
    public void close() {
        listener.close();
        keyspace.close();
    }
}
