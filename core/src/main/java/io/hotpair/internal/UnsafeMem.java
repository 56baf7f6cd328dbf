package io.hotpair.internal;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.lang.invoke.VarHandle;
import java.lang.reflect.Field;
import java.nio.ByteOrder;

/**
 * Memory on Java 17 to 21, where Unsafe is the fastest way and nobody warns of it.
 *
 * <p>Unsafe is reached through constant method handles, as the segments of {@link SegmentMem} are:
 * the JIT compiler folds them to the same intrinsics, and the compiler has no internal API to warn
 * of.
 */
final class UnsafeMem extends Mem {
    private static final int ALIGNMENT = 64;
    private static final MethodHandle GET_LONG;
    private static final MethodHandle PUT_LONG;
    private static final MethodHandle GET_INT;
    private static final MethodHandle PUT_INT;
    private static final MethodHandle GET_BYTE;
    private static final MethodHandle GET_LONG_VOLATILE;
    private static final MethodHandle PUT_LONG_RELEASE;
    private static final MethodHandle CAS_LONG;
    private static final MethodHandle SET;
    private static final MethodHandle COPY;
    private static final MethodHandle ALLOCATE;
    private static final MethodHandle FREE;
    private static final long BYTES;
    private static final VarHandle ARRAY_LONGS =
            MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.nativeOrder());

    static {
        try {
            Class<?> type = Class.forName("sun.misc.Unsafe");
            Field field = type.getDeclaredField("theUnsafe");
            field.setAccessible(true);
            Object unsafe = field.get(null);
            BYTES = type.getField("ARRAY_BYTE_BASE_OFFSET").getInt(null);
            GET_LONG = method(unsafe, "getLong", long.class, long.class);
            PUT_LONG = method(unsafe, "putLong", void.class, long.class, long.class);
            GET_INT = method(unsafe, "getInt", int.class, long.class);
            PUT_INT = method(unsafe, "putInt", void.class, long.class, int.class);
            GET_BYTE = method(unsafe, "getByte", byte.class, long.class);
            GET_LONG_VOLATILE =
                    onMemory(
                            method(
                                    unsafe,
                                    "getLongVolatile",
                                    long.class,
                                    Object.class,
                                    long.class));
            PUT_LONG_RELEASE =
                    onMemory(
                            method(
                                    unsafe,
                                    "putOrderedLong",
                                    void.class,
                                    Object.class,
                                    long.class,
                                    long.class));
            CAS_LONG =
                    onMemory(
                            method(
                                    unsafe,
                                    "compareAndSwapLong",
                                    boolean.class,
                                    Object.class,
                                    long.class,
                                    long.class,
                                    long.class));
            SET = method(unsafe, "setMemory", void.class, long.class, long.class, byte.class);
            COPY =
                    method(
                            unsafe,
                            "copyMemory",
                            void.class,
                            Object.class,
                            long.class,
                            Object.class,
                            long.class,
                            long.class);
            ALLOCATE = method(unsafe, "allocateMemory", long.class, long.class);
            FREE = method(unsafe, "freeMemory", void.class, long.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private static MethodHandle method(
            Object unsafe, String name, Class<?> result, Class<?>... parameters)
            throws ReflectiveOperationException {
        return MethodHandles.lookup()
                .findVirtual(unsafe.getClass(), name, MethodType.methodType(result, parameters))
                .bindTo(unsafe);
    }

    private static MethodHandle onMemory(MethodHandle onObjects) {
        return MethodHandles.insertArguments(onObjects, 0, (Object) null);
    }

    @Override
    protected long allocateRegion(long lengthBytes) {
        try {
            long raw = (long) ALLOCATE.invokeExact(lengthBytes + ALIGNMENT);
            // The word below the region says where the block of malloc begins: malloc aligns to 16
            // bytes, so there is always room for it.
            long address = (raw + ALIGNMENT) & -ALIGNMENT;
            putLong(address - Long.BYTES, raw);
            setZero(address, lengthBytes);
            return address;
        } catch (Throwable e) {
            throw rethrow(e);
        }
    }

    @Override
    protected void freeRegion(long address, long lengthBytes) {
        try {
            FREE.invokeExact(getLong(address - Long.BYTES));
        } catch (Throwable e) {
            throw rethrow(e);
        }
    }

    @Override
    long getLong(long address) {
        try {
            return (long) GET_LONG.invokeExact(address);
        } catch (Throwable e) {
            throw rethrow(e);
        }
    }

    @Override
    void putLong(long address, long value) {
        try {
            PUT_LONG.invokeExact(address, value);
        } catch (Throwable e) {
            throw rethrow(e);
        }
    }

    @Override
    int getInt(long address) {
        try {
            return (int) GET_INT.invokeExact(address);
        } catch (Throwable e) {
            throw rethrow(e);
        }
    }

    @Override
    void putInt(long address, int value) {
        try {
            PUT_INT.invokeExact(address, value);
        } catch (Throwable e) {
            throw rethrow(e);
        }
    }

    @Override
    long getLongVolatile(long address) {
        try {
            return (long) GET_LONG_VOLATILE.invokeExact(address);
        } catch (Throwable e) {
            throw rethrow(e);
        }
    }

    @Override
    int tagged(long address, long tag) {
        long a = getLong(address);
        long b = getLong(address + 8);
        long c = getLong(address + 16);
        long d = getLong(address + 24);
        long e = getLong(address + 32);
        long f = getLong(address + 40);
        long g = getLong(address + 48);
        long h = getLong(address + 56);
        VarHandle.acquireFence();
        return tagged(tag, a, b, c, d, e, f, g, h);
    }

    @Override
    void putLongRelease(long address, long value) {
        try {
            PUT_LONG_RELEASE.invokeExact(address, value);
        } catch (Throwable e) {
            throw rethrow(e);
        }
    }

    @Override
    boolean compareAndSetLong(long address, long expected, long value) {
        try {
            return (boolean) CAS_LONG.invokeExact(address, expected, value);
        } catch (Throwable e) {
            throw rethrow(e);
        }
    }

    @Override
    void setZero(long address, long lengthBytes) {
        try {
            SET.invokeExact(address, lengthBytes, (byte) 0);
        } catch (Throwable e) {
            throw rethrow(e);
        }
    }

    @Override
    void copyIn(byte[] from, int offset, long address, int lengthBytes) {
        try {
            COPY.invokeExact(
                    (Object) from, BYTES + offset, (Object) null, address, (long) lengthBytes);
        } catch (Throwable e) {
            throw rethrow(e);
        }
    }

    @Override
    void copyOut(long address, byte[] into, int offset, int lengthBytes) {
        try {
            if (copiedByWords(lengthBytes)) {
                copyOutByWords(address, into, offset, lengthBytes);
                return;
            }
            COPY.invokeExact(
                    (Object) null, address, (Object) into, BYTES + offset, (long) lengthBytes);
        } catch (Throwable e) {
            throw rethrow(e);
        }
    }

    private static void copyOutByWords(long address, byte[] into, int offset, int lengthBytes)
            throws Throwable {
        int last = lengthBytes - Long.BYTES;
        for (int i = 0; i < last; i += Long.BYTES) {
            ARRAY_LONGS.set(into, offset + i, (long) GET_LONG.invokeExact(address + i));
        }
        ARRAY_LONGS.set(into, offset + last, (long) GET_LONG.invokeExact(address + last));
    }

    @Override
    void copy(long from, long to, long lengthBytes) {
        try {
            COPY.invokeExact((Object) null, from, (Object) null, to, lengthBytes);
        } catch (Throwable e) {
            throw rethrow(e);
        }
    }

    @Override
    boolean equal(long address, byte[] bytes, int offset, int lengthBytes) {
        try {
            int i = 0;
            for (; i <= lengthBytes - Long.BYTES; i += Long.BYTES) {
                if ((long) GET_LONG.invokeExact(address + i)
                        != (long) ARRAY_LONGS.get(bytes, offset + i)) {
                    return false;
                }
            }
            for (; i < lengthBytes; i++) {
                if ((byte) GET_BYTE.invokeExact(address + i) != bytes[offset + i]) {
                    return false;
                }
            }
            return true;
        } catch (Throwable e) {
            throw rethrow(e);
        }
    }
}
