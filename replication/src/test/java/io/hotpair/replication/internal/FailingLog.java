package io.hotpair.replication.internal;

import java.io.OutputStream;
import java.io.PrintStream;
import java.util.concurrent.atomic.AtomicInteger;

/** While it is open there is no memory for a line that has a certain part. */
final class FailingLog implements AutoCloseable {
    private final PrintStream before = System.err;
    private final AtomicInteger failures = new AtomicInteger();

    FailingLog(String part) {
        System.setErr(
                new PrintStream(OutputStream.nullOutputStream()) {
                    @Override
                    public void println(String line) {
                        if (line.contains(part)) {
                            failures.incrementAndGet();
                            throw new OutOfMemoryError("Java heap space");
                        }
                        before.println(line);
                    }
                });
    }

    int failureCount() {
        return failures.get();
    }

    @Override
    public void close() {
        System.setErr(before);
    }
}
