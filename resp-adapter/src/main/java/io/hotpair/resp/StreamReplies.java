package io.hotpair.resp;

import io.hotpair.KeyArea;
import io.hotpair.StreamBatch;
import io.hotpair.StreamDelivery;
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
        idAndFields(entry, reply);
    }

    private static void idAndFields(StreamEntry entry, ReplyBuffer reply) {
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
            if (batch.deliveries().isEmpty()) {
                entries(batch.entries(), reply);
            } else {
                claimed(batch, reply);
            }
        }
    }

    /** What XREADGROUP gives to one who claims: also how each entry was pending before. */
    private static void claimed(StreamBatch batch, ReplyBuffer reply) {
        reply.array(batch.entries().size());
        for (int i = 0; i < batch.entries().size(); i++) {
            StreamDelivery before = batch.deliveries().get(i);
            reply.array(4);
            idAndFields(batch.entries().get(i), reply);
            reply.integer(before.idle().toMillis());
            reply.integer(before.count());
        }
    }
}
