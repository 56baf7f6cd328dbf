package io.hotpair.resp;

import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * The libraries of functions that were called here, with what was compiled of them, so that a call
 * need not read its library. What is not here is read again, so all of it may be forgotten at any
 * time. Thread-safe.
 */
final class FunctionCache {
    private final long limitBytes;
    private final Map<String, FunctionLibrary> byName = new ConcurrentHashMap<>();
    private long bytes;

    FunctionCache(long limitBytes) {
        this.limitBytes = limitBytes;
    }

    /** A library, if it is the one that was loaded with this id. */
    @Nullable FunctionLibrary get(String name, UUID id) {
        FunctionLibrary known = byName.get(name);
        return known != null && known.id().equals(id) ? known : null;
    }

    /** Takes a library in the place of the one of its name. */
    synchronized void put(FunctionLibrary library) {
        remove(library.name());
        if (bytes + library.bytes() > limitBytes) {
            // All that there are have room, so some of these were deleted, elsewhere.
            clear();
        }
        byName.put(library.name(), library);
        bytes += library.bytes();
    }

    synchronized void remove(String name) {
        FunctionLibrary before = byName.remove(name);
        bytes -= before == null ? 0 : before.bytes();
    }

    synchronized void clear() {
        byName.clear();
        bytes = 0;
    }
}
