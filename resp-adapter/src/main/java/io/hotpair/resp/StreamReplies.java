package io.hotpair.resp;

import io.hotpair.KeyArea;
import io.hotpair.StreamBatch;
import io.hotpair.StreamEntry;
import io.hotpair.StreamId;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Replies of which stream entries are a part. */
final class StreamReplies {
    private StreamReplies() {}

    static void id(StreamId id, ReplyBuffer reply) {
        reply.bulk(id.toString());
    }

    static void ids(List<StreamId> ids, ReplyBuffer reply) {
        reply.array(ids.size());
        for (StreamId id : ids) {
            id(id, reply);
        }
    }

    static void entry(StreamEntry entry, ReplyBuffer reply) {
        reply.array(2);
        id(entry.id(), reply);
        List<byte[]> fields = entry.fieldsAndValues();
        if (fields == null) {
            reply.nullArray();
            return;
        }
        reply.array(fields.size());
        for (byte[] field : fields) {
            reply.bulk(field);
        }
    }

    static void entries(List<StreamEntry> entries, ReplyBuffer reply) {
        reply.array(entries.size());
        for (StreamEntry entry : entries) {
            entry(entry, reply);
        }
    }

    /** What XREAD gives: a map, or in RESP2 pairs. */
    static void batches(@Nullable List<StreamBatch> batches, ReplyBuffer reply) {
        if (batches == null || batches.isEmpty()) {
            reply.nullArray();
            return;
        }
        boolean pairs = !reply.isResp3();
        if (pairs) {
            reply.array(batches.size());
        } else {
            reply.map(batches.size());
        }
        for (StreamBatch batch : batches) {
            if (pairs) {
                reply.array(2);
            }
            reply.bulk(KeyArea.name(batch.key()));
            entries(batch.entries(), reply);
        }
    }
}
