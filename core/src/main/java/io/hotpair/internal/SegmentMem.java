package io.hotpair.internal;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Memory from Java 22 on, by the foreign memory API: Unsafe's memory access warns from 24 on.
 *
 * <p>A segment over all memory would need a restricted method, and that warns too. So each region
 * is a shared arena's segment of its own, and an address is {@code window << 22 | offset}: the
 * upper part finds the region's segment, cut so that the window's first byte is its own, in a
 * table. A region longer than a window takes several windows, each of whose segments reaches to the
 * region's end, so that an access that begins in one window may end in the next.
 *
 * <p>The project is compiled for 17, which has no such API, so it is reached through constant
 * method handles, which the JIT compiler folds: the one class file serves every JVM, and there is
 * no second source tree that only some machines can build.
 *
 * <p>The table is read plainly. Whoever holds an address got it from an acquiring load of something
 * that was stored after the table was, so it finds the window there.
 */
final class SegmentMem extends Mem {
    private static final int WINDOW_SHIFT = 22;
    private static final long WINDOW_LENGTH = 1L << WINDOW_SHIFT;
    private static final long OFFSET_MASK = WINDOW_LENGTH - 1;
    private static final int MAX_WINDOWS = 1 << (47 - WINDOW_SHIFT);

    private static final MethodHandle GET_LONG;
    private static final MethodHandle PUT_LONG;
    private static final MethodHandle GET_INT;
    private static final MethodHandle PUT_INT;
    private static final MethodHandle GET_BYTE;
    private static final MethodHandle GET_LONG_VOLATILE;
    private static final MethodHandle PUT_LONG_RELEASE;
    private static final MethodHandle CAS_LONG;
    private static final MethodHandle COPY_IN;
    private static final MethodHandle COPY_OUT;
    private static final MethodHandle COPY;
    private static final MethodHandle SLICE;
    private static final MethodHandle OPEN_ARENA;
    private static final MethodHandle CLOSE_ARENA;
    private static final MethodHandle ALLOCATE;
    private static final VarHandle ARRAY_LONGS =
            MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.nativeOrder());

    static {
        try {
            MethodHandles.Lookup lookup = MethodHandles.publicLookup();
            Class<?> segment = Class.forName("java.lang.foreign.MemorySegment");
            Class<?> arena = Class.forName("java.lang.foreign.Arena");
            Class<?> layout = Class.forName("java.lang.foreign.ValueLayout");
            Object longLayout = layout.getField("JAVA_LONG").get(null);
            Object intLayout = layout.getField("JAVA_INT").get(null);
            Object byteLayout = layout.getField("JAVA_BYTE").get(null);
            Object looseLongLayout = layout.getField("JAVA_LONG_UNALIGNED").get(null);
            VarHandle longs = varHandle(longLayout);
            VarHandle ints = varHandle(intLayout);
            MethodType getLong = MethodType.methodType(long.class, Object.class, long.class);
            MethodType putLong =
                    MethodType.methodType(void.class, Object.class, long.class, long.class);
            GET_LONG = handle(varHandle(looseLongLayout), VarHandle.AccessMode.GET, getLong);
            PUT_LONG = handle(varHandle(looseLongLayout), VarHandle.AccessMode.SET, putLong);
            GET_LONG_VOLATILE = handle(longs, VarHandle.AccessMode.GET_VOLATILE, getLong);
            PUT_LONG_RELEASE = handle(longs, VarHandle.AccessMode.SET_RELEASE, putLong);
            CAS_LONG =
                    handle(
                            longs,
                            VarHandle.AccessMode.COMPARE_AND_SET,
                            MethodType.methodType(
                                    boolean.class,
                                    Object.class,
                                    long.class,
                                    long.class,
                                    long.class));
            GET_INT =
                    handle(
                            ints,
                            VarHandle.AccessMode.GET,
                            MethodType.methodType(int.class, Object.class, long.class));
            PUT_INT =
                    handle(
                            ints,
                            VarHandle.AccessMode.SET,
                            MethodType.methodType(void.class, Object.class, long.class, int.class));
            GET_BYTE =
                    handle(
                            varHandle(byteLayout),
                            VarHandle.AccessMode.GET,
                            MethodType.methodType(byte.class, Object.class, long.class));
            MethodHandle copyArray =
                    lookup.findStatic(
                            segment,
                            "copy",
                            MethodType.methodType(
                                    void.class,
                                    Object.class,
                                    int.class,
                                    segment,
                                    layout,
                                    long.class,
                                    int.class));
            COPY_IN =
                    MethodHandles.insertArguments(copyArray, 3, byteLayout)
                            .asType(
                                    MethodType.methodType(
                                            void.class,
                                            byte[].class,
                                            int.class,
                                            Object.class,
                                            long.class,
                                            int.class));
            MethodHandle copySegment =
                    lookup.findStatic(
                            segment,
                            "copy",
                            MethodType.methodType(
                                    void.class,
                                    segment,
                                    layout,
                                    long.class,
                                    Object.class,
                                    int.class,
                                    int.class));
            COPY_OUT =
                    MethodHandles.insertArguments(copySegment, 1, byteLayout)
                            .asType(
                                    MethodType.methodType(
                                            void.class,
                                            Object.class,
                                            long.class,
                                            byte[].class,
                                            int.class,
                                            int.class));
            COPY =
                    lookup.findStatic(
                                    segment,
                                    "copy",
                                    MethodType.methodType(
                                            void.class,
                                            segment,
                                            long.class,
                                            segment,
                                            long.class,
                                            long.class))
                            .asType(
                                    MethodType.methodType(
                                            void.class,
                                            Object.class,
                                            long.class,
                                            Object.class,
                                            long.class,
                                            long.class));
            SLICE =
                    lookup.findVirtual(
                                    segment, "asSlice", MethodType.methodType(segment, long.class))
                            .asType(MethodType.methodType(Object.class, Object.class, long.class));
            OPEN_ARENA =
                    lookup.findStatic(arena, "ofShared", MethodType.methodType(arena))
                            .asType(MethodType.methodType(Object.class));
            CLOSE_ARENA =
                    lookup.findVirtual(arena, "close", MethodType.methodType(void.class))
                            .asType(MethodType.methodType(void.class, Object.class));
            ALLOCATE =
                    lookup.findVirtual(
                                    arena,
                                    "allocate",
                                    MethodType.methodType(segment, long.class, long.class))
                            .asType(
                                    MethodType.methodType(
                                            Object.class, Object.class, long.class, long.class));
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private static VarHandle varHandle(Object layout) throws ReflectiveOperationException {
        Class<?> type = Class.forName("java.lang.foreign.ValueLayout");
        return (VarHandle) type.getMethod("varHandle").invoke(layout);
    }

    private static MethodHandle handle(VarHandle of, VarHandle.AccessMode mode, MethodType type) {
        return of.toMethodHandle(mode).asType(type);
    }

    // Index 0 stays empty, so that no address is 0.
    private @Nullable Object[] windows = new Object[64];
    private @Nullable Object[] arenas = new Object[64];
    private int nextWindow = 1;

    /** Windows given back: the first of each run, with how many follow each other. */
    private final TreeMap<Integer, Integer> freeRuns = new TreeMap<>();

    @Override
    protected synchronized long allocateRegion(long lengthBytes) {
        int count = windowCount(lengthBytes);
        int window = takeWindows(count);
        @Nullable Object arena = null;
        try {
            arena = OPEN_ARENA.invokeExact();
            Object region = ALLOCATE.invokeExact(arena, lengthBytes, 64L);
            for (int i = 0; i < count; i++) {
                Object slice = SLICE.invokeExact(region, (long) i << WINDOW_SHIFT);
                windows[window + i] = slice;
            }
            arenas[window] = arena;
            VarHandle.releaseFence();
            return (long) window << WINDOW_SHIFT;
        } catch (Throwable e) {
            if (arena != null) {
                closeArena(arena);
            }
            giveWindows(window, count);
            throw rethrow(e);
        }
    }

    private static int windowCount(long lengthBytes) {
        return (int) ((lengthBytes + OFFSET_MASK) >>> WINDOW_SHIFT);
    }

    private int takeWindows(int count) {
        Map.Entry<Integer, Integer> run = freeRuns.firstEntry();
        while (run != null && run.getValue() < count) {
            run = freeRuns.higherEntry(run.getKey());
        }
        if (run != null) {
            int first = run.getKey();
            freeRuns.remove(first);
            if (run.getValue() > count) {
                freeRuns.put(first + count, run.getValue() - count);
            }
            return first;
        }
        if (nextWindow + count > MAX_WINDOWS) {
            throw new OutOfMemoryError("address space of the keyspace is used up");
        }
        int window = nextWindow;
        nextWindow += count;
        if (nextWindow > windows.length) {
            int length = Math.max(nextWindow, windows.length * 2);
            arenas = Arrays.copyOf(arenas, length);
            windows = Arrays.copyOf(windows, length);
        }
        return window;
    }

    private void giveWindows(int window, int count) {
        Arrays.fill(windows, window, window + count, null);
        arenas[window] = null;
        int first = window;
        int length = count;
        Map.Entry<Integer, Integer> before = freeRuns.lowerEntry(window);
        if (before != null && before.getKey() + before.getValue() == window) {
            first = before.getKey();
            length += before.getValue();
        }
        Integer after = freeRuns.remove(window + count);
        freeRuns.put(first, length + (after == null ? 0 : after));
    }

    @Override
    protected synchronized void freeRegion(long address, long lengthBytes) {
        int window = (int) (address >>> WINDOW_SHIFT);
        closeArena(arenas[window]);
        giveWindows(window, windowCount(lengthBytes));
    }

    private static void closeArena(@Nullable Object arena) {
        try {
            CLOSE_ARENA.invokeExact(arena);
        } catch (Throwable e) {
            throw rethrow(e);
        }
    }

    private @Nullable Object window(long address) {
        return windows[(int) (address >>> WINDOW_SHIFT)];
    }

    @Override
    long getLong(long address) {
        try {
            return (long) GET_LONG.invokeExact(window(address), address & OFFSET_MASK);
        } catch (Throwable e) {
            throw rethrow(e);
        }
    }

    @Override
    void putLong(long address, long value) {
        try {
            PUT_LONG.invokeExact(window(address), address & OFFSET_MASK, value);
        } catch (Throwable e) {
            throw rethrow(e);
        }
    }

    @Override
    int getInt(long address) {
        try {
            return (int) GET_INT.invokeExact(window(address), address & OFFSET_MASK);
        } catch (Throwable e) {
            throw rethrow(e);
        }
    }

    @Override
    void putInt(long address, int value) {
        try {
            PUT_INT.invokeExact(window(address), address & OFFSET_MASK, value);
        } catch (Throwable e) {
            throw rethrow(e);
        }
    }

    @Override
    long getLongVolatile(long address) {
        try {
            return (long) GET_LONG_VOLATILE.invokeExact(window(address), address & OFFSET_MASK);
        } catch (Throwable e) {
            throw rethrow(e);
        }
    }

    @Override
    int tagged(long address, long tag) {
        @Nullable Object window = window(address);
        long at = address & OFFSET_MASK;
        try {
            long a = (long) GET_LONG.invokeExact(window, at);
            long b = (long) GET_LONG.invokeExact(window, at + 8);
            long c = (long) GET_LONG.invokeExact(window, at + 16);
            long d = (long) GET_LONG.invokeExact(window, at + 24);
            long e = (long) GET_LONG.invokeExact(window, at + 32);
            long f = (long) GET_LONG.invokeExact(window, at + 40);
            long g = (long) GET_LONG.invokeExact(window, at + 48);
            long h = (long) GET_LONG.invokeExact(window, at + 56);
            VarHandle.acquireFence();
            return tagged(tag, a, b, c, d, e, f, g, h);
        } catch (Throwable thrown) {
            throw rethrow(thrown);
        }
    }

    @Override
    void putLongRelease(long address, long value) {
        try {
            PUT_LONG_RELEASE.invokeExact(window(address), address & OFFSET_MASK, value);
        } catch (Throwable e) {
            throw rethrow(e);
        }
    }

    @Override
    boolean compareAndSetLong(long address, long expected, long value) {
        try {
            return (boolean)
                    CAS_LONG.invokeExact(window(address), address & OFFSET_MASK, expected, value);
        } catch (Throwable e) {
            throw rethrow(e);
        }
    }

    @Override
    void setZero(long address, long lengthBytes) {
        // Blocks are cleared rarely and are short: a loop costs less than a slice of a segment.
        for (long i = 0; i < lengthBytes; i += Long.BYTES) {
            putLong(address + i, 0);
        }
    }

    @Override
    void copyIn(byte[] from, int offset, long address, int lengthBytes) {
        try {
            COPY_IN.invokeExact(from, offset, window(address), address & OFFSET_MASK, lengthBytes);
        } catch (Throwable e) {
            throw rethrow(e);
        }
    }

    @Override
    void copyOut(long address, byte[] into, int offset, int lengthBytes) {
        @Nullable Object window = window(address);
        long at = address & OFFSET_MASK;
        try {
            if (copiedByWords(lengthBytes)) {
                int last = lengthBytes - Long.BYTES;
                for (int i = 0; i < last; i += Long.BYTES) {
                    ARRAY_LONGS.set(into, offset + i, (long) GET_LONG.invokeExact(window, at + i));
                }
                ARRAY_LONGS.set(
                        into, offset + last, (long) GET_LONG.invokeExact(window, at + last));
                return;
            }
            COPY_OUT.invokeExact(window, at, into, offset, lengthBytes);
        } catch (Throwable e) {
            throw rethrow(e);
        }
    }

    @Override
    void copy(long from, long to, long lengthBytes) {
        try {
            COPY.invokeExact(
                    window(from), from & OFFSET_MASK, window(to), to & OFFSET_MASK, lengthBytes);
        } catch (Throwable e) {
            throw rethrow(e);
        }
    }

    @Override
    boolean equal(long address, byte[] bytes, int offset, int lengthBytes) {
        @Nullable Object window = window(address);
        long at = address & OFFSET_MASK;
        try {
            int i = 0;
            for (; i <= lengthBytes - Long.BYTES; i += Long.BYTES) {
                if ((long) GET_LONG.invokeExact(window, at + i)
                        != (long) ARRAY_LONGS.get(bytes, offset + i)) {
                    return false;
                }
            }
            for (; i < lengthBytes; i++) {
                if ((byte) GET_BYTE.invokeExact(window, at + i) != bytes[offset + i]) {
                    return false;
                }
            }
            return true;
        } catch (Throwable e) {
            throw rethrow(e);
        }
    }
}
