package io.hotpair.internal;

import java.util.OptionalInt;
import java.util.OptionalLong;

/** Another policy, but for what a subclass does otherwise. */
public abstract class DelegatingPolicy implements EvictionPolicy {
    private final EvictionPolicy policy;

    /** Creates one on another. */
    protected DelegatingPolicy(EvictionPolicy policy) {
        this.policy = policy;
    }

    @Override
    public int now(long clockMs) {
        return policy.now(clockMs);
    }

    @Override
    public int onCreate(long hash, int now) {
        return policy.onCreate(hash, now);
    }

    @Override
    public int onAccess(int access, int now) {
        return policy.onAccess(access, now);
    }

    @Override
    public long priority(int access, int now, long deadlineMs, long length) {
        return policy.priority(access, now, deadlineMs, length);
    }

    @Override
    public OptionalInt useFrequency(int access, int now) {
        return policy.useFrequency(access, now);
    }

    @Override
    public OptionalLong idleMs(int access, int now) {
        return policy.idleMs(access, now);
    }

    @Override
    public boolean isEligible(long deadlineMs) {
        return policy.isEligible(deadlineMs);
    }

    @Override
    public void onEvict(long hash, int access, int now) {
        policy.onEvict(hash, access, now);
    }

    @Override
    public void onAllocate(long bytes) {
        policy.onAllocate(bytes);
    }
}
