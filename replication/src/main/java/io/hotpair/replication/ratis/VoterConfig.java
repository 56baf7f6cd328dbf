package io.hotpair.replication.ratis;

import io.hotpair.replication.Endpoint;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collections;
import java.util.HashSet;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.UUID;
import java.util.regex.Pattern;
import javax.net.ssl.KeyManager;
import javax.net.ssl.TrustManager;
import org.jspecify.annotations.Nullable;

/**
 * Describes one voter of a pair and how it finds the others. All voters of a pair must be given the
 * same pair name, voters and witness. Immutable.
 */
public final class VoterConfig {

    /** How long a call looks for an answer if nothing else was said. */
    public static final Duration DEFAULT_REQUEST_TIMEOUT = Duration.ofMillis(700);

    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,63}");
    private static final Duration MIN_REQUEST_TIMEOUT = Duration.ofMillis(100);
    private static final Duration MAX_REQUEST_TIMEOUT = Duration.ofSeconds(10);
    private static final int MAX_VOTERS = 7;

    private final String pair;
    private final String voter;
    private final Map<String, Endpoint> voters;
    private final @Nullable String witness;
    private final Path directory;
    private final @Nullable String bindHost;
    private final Duration requestTimeout;
    private final @Nullable Tls tls;

    /** Who this voter is to the others, and which others it believes. */
    record Tls(KeyManager keyManager, TrustManager trustManager) {}

    private VoterConfig(Builder builder) {
        pair = builder.pair;
        voter = builder.voter;
        voters = Collections.unmodifiableMap(new TreeMap<>(builder.voters));
        witness = builder.witness;
        directory = Objects.requireNonNull(builder.directory, "directory").toAbsolutePath();
        bindHost = builder.bindHost;
        requestTimeout = builder.requestTimeout;
        tls = builder.tls;
    }

    /**
     * Begins a description.
     *
     * @param pair the pair's name, the same at all its voters: 1 to 64 letters, digits, dots,
     *     underscores or hyphens
     * @param voter this voter's own name, one of the {@linkplain Builder#voter voters}
     * @return a builder
     * @throws IllegalArgumentException if a name has another form
     */
    public static Builder builder(String pair, String voter) {
        return new Builder(pair, voter);
    }

    /**
     * The pair's name.
     *
     * @return the name
     */
    public String pair() {
        return pair;
    }

    /**
     * This voter's own name.
     *
     * @return the name
     */
    public String voter() {
        return voter;
    }

    /**
     * Where each voter listens for the others, itself included.
     *
     * @return the address of each name, sorted by name; unmodifiable
     */
    public Map<String, Endpoint> voters() {
        return voters;
    }

    /**
     * The voter that holds no data.
     *
     * @return its name, or null if all voters hold data
     */
    public @Nullable String witness() {
        return witness;
    }

    /**
     * Where this voter keeps its votes and its log.
     *
     * @return the directory, absolute
     */
    public Path directory() {
        return directory;
    }

    /**
     * How long a call looks for an answer.
     *
     * @return the time
     */
    public Duration requestTimeout() {
        return requestTimeout;
    }

    /** The host whose addresses are listened on. */
    String bindHost() {
        return bindHost == null ? address(voter).host() : bindHost;
    }

    @Nullable Tls tls() {
        return tls;
    }

    Endpoint address(String name) {
        return Objects.requireNonNull(voters.get(name), name);
    }

    /** A voter as people know it. */
    String describe(String name) {
        return (name.equals(witness) ? "witness " : "voter ") + name + "=" + address(name);
    }

    /**
     * The pair's identity to the consensus engine. Drawn from the name, so that all voters have it
     * without being told, and two pairs never mistake each other's messages.
     */
    UUID group() {
        return UUID.nameUUIDFromBytes(("hotpair/" + pair).getBytes(StandardCharsets.UTF_8));
    }

    /** Collects a description. Not thread-safe. */
    public static final class Builder {
        private final String pair;
        private final String voter;
        private final Map<String, Endpoint> voters = new TreeMap<>();
        private @Nullable String witness;
        private @Nullable Path directory;
        private @Nullable String bindHost;
        private Duration requestTimeout = DEFAULT_REQUEST_TIMEOUT;
        private @Nullable Tls tls;

        private Builder(String pair, String voter) {
            this.pair = requireName("pair", pair);
            this.voter = requireName("voter", voter);
        }

        /**
         * Adds a voter. This voter itself must be among them.
         *
         * @param name its name, of the same form as the pair's
         * @param address {@code host:port} where it listens for the other voters
         * @return this
         * @throws IllegalArgumentException if the name or the address has another form, or the name
         *     was added before
         */
        public Builder voter(String name, String address) {
            return voter(name, Endpoint.parse(address));
        }

        /**
         * Adds a voter. This voter itself must be among them.
         *
         * @param name its name, of the same form as the pair's
         * @param address where it listens for the other voters
         * @return this
         * @throws IllegalArgumentException if the name has another form or was added before
         */
        public Builder voter(String name, Endpoint address) {
            if (voters.putIfAbsent(requireName("voter", name), address) != null) {
                throw new IllegalArgumentException("voter=" + name + ", expected each name once");
            }
            return this;
        }

        /**
         * Says which voter holds no data. It leads the consensus whenever it can, so that the death
         * of a data node need not be followed by an election among the voters.
         *
         * @param name one of the voters
         * @return this
         */
        public Builder witness(String name) {
            witness = requireName("witness", name);
            return this;
        }

        /**
         * Says where this voter keeps its votes and its log: a directory that no other voter uses.
         * It is made if it is missing.
         *
         * @param path the directory
         * @return this
         */
        public Builder directory(Path path) {
            directory = path;
            return this;
        }

        /**
         * Says on which address to listen, where that is not the one that the others use.
         *
         * @param host a host or address of this machine, such as {@code 0.0.0.0}; if it is not
         *     called, the host of this voter's own address
         * @return this
         */
        public Builder bindHost(String host) {
            bindHost = Objects.requireNonNull(host, "host");
            return this;
        }

        /**
         * Says how long a call looks for an answer, over all voters that it tries.
         *
         * @param timeout 100 milliseconds to 10 seconds; 700 milliseconds if it is not called
         * @return this
         * @throws IllegalArgumentException if it is out of range
         */
        public Builder requestTimeout(Duration timeout) {
            if (timeout.compareTo(MIN_REQUEST_TIMEOUT) < 0
                    || timeout.compareTo(MAX_REQUEST_TIMEOUT) > 0) {
                throw new IllegalArgumentException(
                        "requestTimeout=" + timeout + ", expected 100 ms to 10 s");
            }
            requestTimeout = timeout;
            return this;
        }

        /**
         * Lets voters speak TLS only, and believe only peers with a certificate. Without it whoever
         * reaches the port can decide who is master, so then it belongs on a private network.
         *
         * @param keyManager holds this voter's certificate and key
         * @param trustManager says which certificates of other voters are believed
         * @return this
         */
        public Builder mutualTls(KeyManager keyManager, TrustManager trustManager) {
            tls =
                    new Tls(
                            Objects.requireNonNull(keyManager, "keyManager"),
                            Objects.requireNonNull(trustManager, "trustManager"));
            return this;
        }

        /**
         * Checks the combination. Touches neither disk nor network.
         *
         * @return the description
         * @throws IllegalArgumentException if the voters are even in number or more than 7, if two
         *     share an address, or if this voter or the witness is not among them
         * @throws IllegalStateException if no directory was given
         */
        public VoterConfig build() {
            if (directory == null) {
                throw new IllegalStateException("directory=null, expected a path");
            }
            requireMember("voter", voter);
            if (witness != null) {
                requireMember("witness", witness);
            }
            // With an even number no more failures are survived than with one voter less.
            if (voters.size() % 2 == 0 || voters.size() > MAX_VOTERS) {
                throw new IllegalArgumentException(
                        "voters=" + voters.keySet() + ", expected an odd number up to 7");
            }
            if (new HashSet<>(voters.values()).size() < voters.size()) {
                throw new IllegalArgumentException(
                        "voters=" + voters + ", expected a different address for each");
            }
            return new VoterConfig(this);
        }

        private void requireMember(String what, String name) {
            if (!voters.containsKey(name)) {
                throw new IllegalArgumentException(
                        what + "=" + name + ", expected one of " + voters.keySet());
            }
        }

        private static String requireName(String what, String name) {
            if (!NAME.matcher(name).matches()) {
                throw new IllegalArgumentException(
                        what + "=" + name + ", expected 1 to 64 of letters, digits, '.', '_', '-'");
            }
            return name;
        }
    }
}
