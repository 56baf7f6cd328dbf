package io.hotpair.benchmarks.compare;

import io.hotpair.Keyspace;
import io.hotpair.Session;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** A keyspace in memory, used by a session for each thread. Nothing is sized beforehand. */
final class HotpairContestant implements Contestant {
    private final Keyspace keyspace;

    HotpairContestant(long maxMemoryBytes) {
        keyspace =
                Keyspace.open(
                        Keyspace.builder()
                                .name("compare")
                                .inMemory()
                                .maxMemory(maxMemoryBytes)
                                .build());
    }

    @Override
    public Caller caller() {
        return new SessionCaller(keyspace.session());
    }

    @Override
    public long ownBytes() {
        return keyspace.statistics().usedMemoryBytes();
    }

    @Override
    public void close() {
        keyspace.close();
    }

    private static final class SessionCaller extends Caller {
        private final Session session;
        private final byte[] keys = new byte[BATCH * Keys.LENGTH];
        private final int[] offsets = new int[BATCH];
        private final int[] lengths = new int[BATCH];

        SessionCaller(Session session) {
            this.session = session;
            for (int i = 0; i < BATCH; i++) {
                offsets[i] = i * Keys.LENGTH;
                lengths[i] = Keys.LENGTH;
            }
        }

        @Override
        int get() {
            int length = session.get(key, 0, Keys.LENGTH, into, 0);
            return length == Session.ABSENT ? ABSENT : into[length - 1];
        }

        @Override
        void put(int length) {
            session.put(key, 0, Keys.LENGTH, value, 0, length, Session.NEVER);
        }

        @Override
        long increment() {
            return session.increment(key, 0, Keys.LENGTH, 1);
        }

        @Override
        byte @Nullable [] read() {
            return session.get(key, 0, Keys.LENGTH);
        }

        @Override
        int getAll() {
            for (int i = 0; i < BATCH; i++) {
                Keys.write(numbers[i], keys, offsets[i]);
            }
            int wrong = 0;
            byte[][] values = Objects.requireNonNull(session.getAll(keys, offsets, lengths, BATCH));
            for (byte[] found : values) {
                wrong |= found == null ? ABSENT : found[found.length - 1];
            }
            return wrong;
        }
    }
}
