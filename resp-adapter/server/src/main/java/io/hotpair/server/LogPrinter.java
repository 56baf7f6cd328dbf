package io.hotpair.server;

import io.hotpair.Backup;
import io.hotpair.Moment;
import io.hotpair.log.FrameBuffer;
import io.hotpair.log.FrameDescriptor;
import io.hotpair.log.OperationLog;
import io.hotpair.log.OperationReader;
import io.hotpair.log.OperationSource;
import io.hotpair.log.OperationType;
import java.io.PrintStream;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Locale;

/**
 * Prints operations of a log, a line each: as text for people, or as JSON. Keys and values are
 * bytes: those that are no printable ASCII are escaped, and long ones are cut after 80 bytes, with
 * their length beside them.
 */
final class LogPrinter {
    private static final int MOST_BYTES = 80;

    private final PrintStream out;
    private final boolean json;

    LogPrinter(PrintStream out, boolean json) {
        this.out = out;
        this.json = json;
    }

    void print(Path keyspace, long fromOpId, Moment upTo, long limit) {
        try (OperationLog log = Backup.openLog(keyspace);
                OperationSource source = log.openSource()) {
            long first = Math.max(fromOpId, log.firstOpId());
            // A log that begins with a snapshot may have nothing behind it.
            if (log.firstOpId() == 0 || first > log.lastOpId()) {
                return;
            }
            source.seekAfter(first - 1);
            print(source, first, Backup.opIdOf(log, upTo), limit);
        }
    }

    private void print(OperationSource source, long fromOpId, long upToOpId, long limit) {
        FrameBuffer frame = new FrameBuffer();
        OperationReader operations = new OperationReader();
        long left = limit;
        while (left > 0 && source.poll(frame)) {
            operations.wrap(frame);
            while (left > 0 && operations.next()) {
                if (operations.opId() > upToOpId) {
                    return;
                }
                if (operations.opId() >= fromOpId) {
                    out.println(json ? json(frame, operations) : text(frame, operations));
                    left--;
                }
            }
        }
    }

    private static String text(FrameBuffer frame, OperationReader operation) {
        StringBuilder line = new StringBuilder();
        line.append("opId=").append(operation.opId());
        line.append(" term=").append(FrameDescriptor.term(frame));
        line.append(" time=").append(time(frame));
        line.append(' ').append(name(operation));
        if (operation.type() != OperationType.TERM_BARRIER) {
            line.append(" key=\"").append(key(operation)).append('"');
        }
        if (operation.valueLength() > 0) {
            line.append(" value=\"").append(value(operation)).append('"');
            line.append(" length=").append(operation.valueLength());
        }
        if (operation.deadlineMs() != 0) {
            line.append(" deadline=").append(Instant.ofEpochMilli(operation.deadlineMs()));
        }
        return line.append(operation.hasMore() ? " ..." : "").toString();
    }

    private static String json(FrameBuffer frame, OperationReader operation) {
        StringBuilder line = new StringBuilder();
        line.append("{\"opId\":").append(operation.opId());
        line.append(",\"term\":").append(FrameDescriptor.term(frame));
        line.append(",\"time\":\"").append(time(frame)).append('"');
        line.append(",\"type\":\"").append(name(operation)).append('"');
        line.append(",\"key\":\"").append(key(operation)).append('"');
        line.append(",\"value\":\"").append(value(operation)).append('"');
        line.append(",\"length\":").append(operation.valueLength());
        line.append(",\"deadlineMs\":").append(operation.deadlineMs());
        return line.append(",\"more\":").append(operation.hasMore()).append('}').toString();
    }

    private static String name(OperationReader operation) {
        return operation.type().name().toLowerCase(Locale.ROOT);
    }

    private static Instant time(FrameBuffer frame) {
        return Instant.ofEpochMilli(FrameDescriptor.timestampMs(frame));
    }

    private static String key(OperationReader operation) {
        return escaped(operation.bytes(), operation.keyOffset(), operation.keyLength());
    }

    private static String value(OperationReader operation) {
        return escaped(operation.bytes(), operation.valueOffset(), operation.valueLength());
    }

    /** One character for each byte, in a form that JSON has too. */
    private static String escaped(byte[] bytes, int offset, int length) {
        StringBuilder text = new StringBuilder();
        for (int i = offset; i < offset + Math.min(length, MOST_BYTES); i++) {
            char c = (char) (bytes[i] & 0xff);
            if (c == '"' || c == '\\') {
                text.append('\\').append(c);
            } else if (c >= ' ' && c < 0x7f) {
                text.append(c);
            } else {
                text.append(String.format(Locale.ROOT, "\\u%04x", (int) c));
            }
        }
        return text.toString();
    }
}
