package io.hotpair.resp;

import io.hotpair.HotpairException;
import io.hotpair.Keyspace;
import io.hotpair.Progress;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.security.NoSuchAlgorithmException;
import java.util.List;
import java.util.Objects;
import javax.net.ssl.SSLContext;
import org.jspecify.annotations.Nullable;

/**
 * Copies the keys of a running Redis key by key ({@code SCAN}, {@code DUMP}), for one that lets
 * nobody follow it, as those of many clouds. Where it can be followed, {@link RedisMigration} is
 * better: this copy is not of one moment. A key that is written meanwhile is as it was before or
 * after, one that comes up or goes away meanwhile may be there or not; only what nobody touches is
 * certain. To move without a loss, stop the writers first.
 */
public final class RedisImport {
    private static final String SCAN_COUNT = "500";

    /**
     * What was copied. Immutable.
     *
     * @param keyCount keys that were written
     * @param goneCount keys that were found and had gone when they were read
     */
    public record Report(long keyCount, long goneCount) {}

    private final Keyspace keyspace;
    private final LocalClient client;
    private final SourceLink link;
    private final Progress progress;
    private boolean tellsDeadlines = true;
    private long keyCount;
    private long goneCount;

    private RedisImport(Keyspace keyspace, LocalClient client, SourceLink link, Progress progress) {
        this.keyspace = keyspace;
        this.client = client;
        this.link = link;
        this.progress = progress;
    }

    /**
     * Copies all keys of a database. Keys of the same name are replaced, all others stay.
     *
     * @param source {@code redis://[[user]:password@]host[:port][/database]}, or {@code rediss://}
     *     for an encrypted connection whose certificate the JVM's trust store vouches for
     * @param keyspace where the keys go
     * @param progress told how many keys are done, of about how many
     * @return what was copied
     * @throws IllegalArgumentException if the address is none, or a key can't be read, as one of a
     *     module's type; the keys before it are written
     * @throws HotpairException as a write may fail, with a part of the keys written
     * @throws UncheckedIOException if the connection can't be made, or breaks
     */
    public static Report read(URI source, Keyspace keyspace, Progress progress) {
        SourceLink.Source from = parse(source);
        try (SourceLink link = SourceLink.connect(from);
                LocalClient client = new LocalClient(keyspace, RespConfig.builder().build())) {
            String database = database(source);
            if (!database.isEmpty()) {
                String unused = link.status("SELECT", database);
            }
            return new RedisImport(keyspace, client, link, progress).run();
        } catch (IOException e) {
            throw new UncheckedIOException(
                    from.host() + ":" + from.port() + " can't be read: " + e.getMessage(), e);
        }
    }

    /** The address, without what is secret in it. */
    private static IllegalArgumentException noAddress(URI source) {
        return new IllegalArgumentException(
                "scheme="
                        + source.getScheme()
                        + " host="
                        + source.getHost()
                        + ", expected redis://[[user]:password@]host[:port][/database]");
    }

    private static SourceLink.Source parse(URI source) {
        String host = source.getHost();
        boolean isSecure = "rediss".equals(source.getScheme());
        if (host == null || !(isSecure || "redis".equals(source.getScheme()))) {
            throw noAddress(source);
        }
        String login = source.getUserInfo();
        int colon = login == null ? -1 : login.indexOf(':');
        String user = login == null || colon <= 0 ? null : login.substring(0, colon);
        String password = login == null ? null : login.substring(colon + 1);
        int port = source.getPort() < 0 ? 6379 : source.getPort();
        return new SourceLink.Source(host, port, user, password, isSecure ? tls() : null, 0);
    }

    private static SSLContext tls() {
        try {
            return SSLContext.getDefault();
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("this JVM has no TLS, expected one that has", e);
        }
    }

    private static String database(URI source) {
        String path = source.getPath();
        String number = path == null || path.isEmpty() ? "" : path.substring(1);
        if (!number.matches("\\d{0,9}")) {
            throw noAddress(source);
        }
        return number;
    }

    private Report run() throws IOException {
        link.send("DBSIZE");
        long total = link.reply() instanceof Long count ? count : 0;
        String cursor = "0";
        do {
            link.send("SCAN", cursor, "COUNT", SCAN_COUNT);
            Object reply = checked(link.reply());
            if (!(reply instanceof List<?> parts)
                    || parts.size() != 2
                    || !(parts.get(0) instanceof byte[] next)
                    || !(parts.get(1) instanceof List<?> keys)) {
                throw new IOException("the reply to SCAN has no cursor and keys");
            }
            copy(keys);
            cursor = new String(next, StandardCharsets.US_ASCII);
            progress.at(keyCount, Math.max(total, keyCount));
        } while (!cursor.equals("0"));
        awaitLogged();
        return new Report(keyCount, goneCount);
    }

    private static @Nullable Object checked(@Nullable Object reply) throws IOException {
        if (reply instanceof SourceLink.Refusal refusal) {
            throw refusal;
        }
        return reply;
    }

    private void copy(List<?> keys) throws IOException {
        StringBuilder requests = new StringBuilder();
        for (Object key : keys) {
            String name =
                    new String((byte[]) Objects.requireNonNull(key), StandardCharsets.ISO_8859_1);
            SourceLink.append(requests, tellsDeadlines ? "PEXPIRETIME" : "PTTL", name);
            SourceLink.append(requests, "DUMP", name);
        }
        link.send(requests);
        boolean isRefused = false;
        for (Object key : keys) {
            Object deadline = link.reply();
            Object value = checked(link.reply());
            if (deadline instanceof Long when) {
                copy((byte[]) Objects.requireNonNull(key), when, value);
            } else {
                isRefused = true;
            }
        }
        if (isRefused && tellsDeadlines) {
            // Redis before 7.0 tells only how much time is left, so some of it is lost on the way.
            tellsDeadlines = false;
            copy(keys);
        } else if (isRefused) {
            throw new IOException("the Redis refuses PTTL, expected that it tells deadlines");
        }
    }

    private void copy(byte[] key, long when, @Nullable Object value) {
        if (!(value instanceof byte[] payload)) {
            goneCount++;
            return;
        }
        long nowMs = keyspace.config().clock().currentTimeMs();
        long deadlineMs = when < 0 ? 0 : tellsDeadlines ? when : nowMs + when;
        String error =
                client.execute(
                        LocalClient.request(
                                ascii("RESTORE"),
                                key,
                                ascii(Long.toString(deadlineMs)),
                                payload,
                                ascii("REPLACE"),
                                ascii("ABSTTL")));
        if (error != null) {
            throw client.refusal(
                    "key=" + new String(key, StandardCharsets.ISO_8859_1) + ": " + error);
        }
        keyCount++;
    }

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }

    private void awaitLogged() {
        if (!client.awaitAcknowledged()) {
            throw new HotpairException(
                    HotpairException.Category.OUTCOME_UNKNOWN,
                    "what was copied did not all come to the log");
        }
    }
}
