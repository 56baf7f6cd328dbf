package io.hotpair.resp;

import io.hotpair.HotpairException;
import io.hotpair.Session;
import io.hotpair.StreamInfo;
import io.hotpair.StreamOperations;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * What a stream was like before a command that may do more or less to it than its name says: XADD
 * may trim, XDELEX and XACKDEL may change only what is pending, reading or claiming for a consumer
 * may make it. Asked for while somebody hears of keys, only.
 */
abstract class StreamProbe {
    /** Of commands that do what they say. */
    static final StreamProbe NONE =
            new StreamProbe() {
                @Override
                List<byte[]> changed(Session session) {
                    return List.of();
                }
            };

    /**
     * The streams that it did more to. Called when the command has been executed.
     *
     * @param session one of the calling thread
     */
    abstract List<byte[]> changed(Session session);

    static StreamProbe of(Command command, Request request, Client client) {
        return switch (command.name()) {
            case "xadd" -> isTrimming(request) ? shrinking(request.copy(1), 1, client) : NONE;
            case "xdelex", "xackdel" -> shrinking(request.copy(1), 0, client);
            case "xclaim", "xautoclaim" ->
                    request.count() < 4
                            ? NONE
                            : consumers(
                                    List.of(request.copy(1)),
                                    request.copy(2),
                                    request.copy(3),
                                    client);
            case "xreadgroup" -> reading(request, client);
            default -> NONE;
        };
    }

    private static boolean isTrimming(Request request) {
        for (int i = 2; i < request.count() - 1; i++) {
            if (request.is(i, "MAXLEN") || request.is(i, "MINID")) {
                return true;
            }
        }
        return false;
    }

    /** Looks whether a stream is shorter than it was with what is added. */
    private static StreamProbe shrinking(byte[] key, long added, Client client) {
        long before = length(key, client.unnoticed());
        return new StreamProbe() {
            @Override
            List<byte[]> changed(Session session) {
                return length(key, session) < before + added ? List.of(key) : List.of();
            }
        };
    }

    private static long length(byte[] key, Session session) {
        try {
            return session.streams().xlen(key);
        } catch (HotpairException e) {
            return wrongValue(e, 0L);
        }
    }

    private static StreamProbe reading(Request request, Client client) {
        for (int i = 4; i < request.count(); i++) {
            if (request.is(i, "STREAMS")) {
                int streams = (request.count() - i - 1) / 2;
                Set<KeyName> names = new LinkedHashSet<>();
                for (int k = 1; k <= streams; k++) {
                    names.add(new KeyName(request.copy(i + k)));
                }
                List<byte[]> keys = names.stream().map(KeyName::bytes).toList();
                return consumers(keys, request.copy(2), request.copy(3), client);
            }
        }
        return NONE;
    }

    private static StreamProbe consumers(
            List<byte[]> keys, byte[] group, byte[] consumer, Client client) {
        Session now = client.unnoticed();
        List<byte[]> without = keys.stream().filter(k -> !has(k, group, consumer, now)).toList();
        return new StreamProbe() {
            @Override
            List<byte[]> changed(Session session) {
                return without.stream().filter(k -> has(k, group, consumer, session)).toList();
            }
        };
    }

    private static boolean has(byte[] key, byte[] group, byte[] consumer, Session session) {
        StreamOperations streams = session.streams();
        try {
            for (StreamInfo.Consumer each : streams.xinfoConsumers(key, group)) {
                if (Arrays.equals(each.name(), consumer)) {
                    return true;
                }
            }
            return false;
        } catch (HotpairException e) {
            return wrongValue(e, false);
        }
    }

    /** Another type, no stream or no group: the command itself says so. */
    private static <T> T wrongValue(HotpairException failure, T instead) {
        return switch (failure.category()) {
            case WRONG_TYPE, WRONG_VALUE -> instead;
            default -> throw failure;
        };
    }
}
