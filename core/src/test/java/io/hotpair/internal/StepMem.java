package io.hotpair.internal;

import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;

/**
 * Memory that calls a thread's hook before each of its accesses. The hook may look, wait, or throw:
 * so a test stops a thread between any two steps of a protocol, or makes it run out of memory
 * there, and the engine has no code for it.
 */
final class StepMem extends Mem {
    /** What a thread is about to do. */
    enum Access {
        LOAD,
        STORE,
        VOLATILE_LOAD,
        RELEASE_STORE,
        COMPARE_AND_SET,
        ALLOCATE
    }

    /** Called before an access. */
    interface Hook {
        void before(Access access, long address, long value);
    }

    private static final Hook NOTHING = (access, address, value) -> {};

    private final Mem memory;
    private final ConcurrentMap<Thread, Hook> hooks = new ConcurrentHashMap<>();

    StepMem(Mem memory) {
        this.memory = memory;
    }

    /** Sets what is called before each access of the calling thread from now on. */
    void hook(Hook hook) {
        hooks.put(Thread.currentThread(), hook);
    }

    void unhook() {
        hooks.remove(Thread.currentThread());
    }

    private void before(Access access, long address, long value) {
        hooks.getOrDefault(Thread.currentThread(), NOTHING).before(access, address, value);
    }

    @Override
    protected long allocateRegion(long lengthBytes) {
        before(Access.ALLOCATE, 0, lengthBytes);
        return memory.allocate(lengthBytes);
    }

    @Override
    protected void freeRegion(long address, long lengthBytes) {
        memory.free(address);
    }

    @Override
    long getLong(long address) {
        before(Access.LOAD, address, 0);
        return memory.getLong(address);
    }

    @Override
    void putLong(long address, long value) {
        before(Access.STORE, address, value);
        memory.putLong(address, value);
    }

    @Override
    int getInt(long address) {
        before(Access.LOAD, address, 0);
        return memory.getInt(address);
    }

    @Override
    void putInt(long address, int value) {
        before(Access.STORE, address, value);
        memory.putInt(address, value);
    }

    @Override
    long getLongVolatile(long address) {
        before(Access.VOLATILE_LOAD, address, 0);
        return memory.getLongVolatile(address);
    }

    @Override
    void putLongRelease(long address, long value) {
        before(Access.RELEASE_STORE, address, value);
        memory.putLongRelease(address, value);
    }

    @Override
    boolean compareAndSetLong(long address, long expected, long value) {
        before(Access.COMPARE_AND_SET, address, value);
        return memory.compareAndSetLong(address, expected, value);
    }

    @Override
    void setZero(long address, long lengthBytes) {
        before(Access.STORE, address, 0);
        memory.setZero(address, lengthBytes);
    }

    @Override
    void copyIn(byte[] from, int offset, long address, int lengthBytes) {
        before(Access.STORE, address, 0);
        memory.copyIn(from, offset, address, lengthBytes);
    }

    @Override
    void copyOut(long address, byte[] into, int offset, int lengthBytes) {
        before(Access.LOAD, address, 0);
        memory.copyOut(address, into, offset, lengthBytes);
    }

    @Override
    void copy(long from, long to, long lengthBytes) {
        before(Access.STORE, to, from);
        memory.copy(from, to, lengthBytes);
    }

    @Override
    boolean equal(long address, byte[] bytes, int offset, int lengthBytes) {
        before(Access.LOAD, address, 0);
        return memory.equal(address, bytes, offset, lengthBytes);
    }
}
