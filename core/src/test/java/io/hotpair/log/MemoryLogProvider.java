package io.hotpair.log;

import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** Gives each directory name a log on the heap that lives as long as the test's JVM. */
public final class MemoryLogProvider implements LogProvider {
    private static final Map<Path, MemoryLog> LOGS = new ConcurrentHashMap<>();

    public static MemoryLog of(Path keyspaceDirectory) {
        return LOGS.computeIfAbsent(keyspaceDirectory.resolve("log"), path -> new MemoryLog());
    }

    @Override
    public OperationLog open(Path directory) {
        return LOGS.computeIfAbsent(directory, path -> new MemoryLog());
    }
}
