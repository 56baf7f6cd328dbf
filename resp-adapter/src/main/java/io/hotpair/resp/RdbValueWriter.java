package io.hotpair.resp;

import com.moilioncircle.redis.replicator.Constants;
import io.hotpair.log.ElementReader;
import io.hotpair.log.OperationReader;
import io.hotpair.log.OperationType;

/**
 * Writes values as an RDB file has them, from the operations that make them. Of the many forms
 * there are it uses the plain ones, which every Redis since 7.0 reads and gives the form in memory
 * that it likes:
 *
 * <pre>
 *    0 string   string
 *    1 list     count, strings
 *    2 set      count, strings
 *    4 hash     count, field and value as strings
 *    5 zset     count, member as string and score, 8 bytes IEEE 754, the lowest first
 *   19 stream   see {@link RdbStreamWriter}; 21 with version 12
 *   24 hash     with version 12 if fields have deadlines: the first of them (8 bytes), count, of
 *               each field its deadline less the first one, plus 1, as a length, or 0; then as 4
 * </pre>
 *
 * @see <a href="https://github.com/redis/redis/blob/7.0/src/rdb.c">Redis, rdb.c</a>
 */
final class RdbValueWriter {
    /** The version of RDB files of Redis 7.0. */
    static final int VERSION_7_0 = 10;

    /** The first version whose hashes have fields with deadlines, of Redis 7.4. */
    static final int VERSION_7_4 = 12;

    private final RdbBuffer out;
    private final int version;
    private final long nowMs;
    private final ElementReader element = new ElementReader();
    private final RdbStreamWriter stream;
    private OperationType type = OperationType.DELETE;
    private long written;
    private long leastDeadlineMs;
    private boolean hasDeadlines;

    /**
     * Creates one.
     *
     * @param version {@link #VERSION_7_0} or {@link #VERSION_7_4}
     * @param nowMs fields whose deadline is not behind it are left out
     */
    RdbValueWriter(RdbBuffer out, int version, long nowMs) {
        this.out = out;
        this.version = version;
        this.nowMs = nowMs;
        stream = new RdbStreamWriter(out, version >= VERSION_7_4);
    }

    /** The byte that says what a value of this shape is. */
    int typeOf(RdbShape shape) {
        return switch (shape.type()) {
            case SPLICE_LIST -> Constants.RDB_TYPE_LIST;
            case CHANGE_SET -> Constants.RDB_TYPE_SET;
            case CHANGE_HASH ->
                    keepsDeadlines(shape)
                            ? Constants.RDB_TYPE_HASH_METADATA
                            : Constants.RDB_TYPE_HASH;
            case CHANGE_SORTED_SET -> Constants.RDB_TYPE_ZSET_2;
            case CHANGE_STREAM ->
                    version >= VERSION_7_4
                            ? Constants.RDB_TYPE_STREAM_LISTPACKS_3
                            : Constants.RDB_TYPE_STREAM_LISTPACKS_2;
            default -> Constants.RDB_TYPE_STRING;
        };
    }

    private boolean keepsDeadlines(RdbShape shape) {
        return version >= VERSION_7_4 && shape.timedCount() > 0;
    }

    /** Begins a value, whose operations follow. */
    void begin(RdbShape shape) {
        type = shape.type();
        written = 0;
        hasDeadlines = keepsDeadlines(shape);
        leastDeadlineMs = shape.leastDeadlineMs();
        if (hasDeadlines) {
            out.lowestFirst(leastDeadlineMs, Long.BYTES);
        }
        if (type != OperationType.SET) {
            out.length(shape.count());
        }
        stream.begin();
    }

    void add(OperationReader operation) {
        element.wrap(operation);
        while (element.next()) {
            switch (type) {
                case PATCH_STRING -> part();
                case CHANGE_HASH -> field();
                case CHANGE_SORTED_SET -> member();
                case CHANGE_SET -> key();
                case CHANGE_STREAM -> stream.add(element);
                default -> value();
            }
        }
    }

    /** Ends the value, whose operations have all been added. */
    void end() {
        if (type == OperationType.CHANGE_STREAM) {
            stream.end();
        }
    }

    private void part() {
        out.zeros(element.position() - written);
        out.raw(element.bytes(), element.valueOffset(), element.valueLength());
        written = element.position() + element.valueLength();
    }

    private void field() {
        if (RdbShape.hasExpired(element, nowMs)) {
            return;
        }
        if (hasDeadlines) {
            long deadlineMs = element.deadlineMs();
            out.length(deadlineMs == 0 ? 0 : deadlineMs - leastDeadlineMs + 1);
        }
        key();
        value();
    }

    private void member() {
        key();
        out.lowestFirst(Double.doubleToRawLongBits(element.score()), Double.BYTES);
    }

    private void key() {
        out.string(element.bytes(), element.keyOffset(), element.keyLength());
    }

    private void value() {
        out.string(element.bytes(), element.valueOffset(), element.valueLength());
    }
}
