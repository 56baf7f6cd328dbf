package io.hotpair.resp;

import io.hotpair.HotpairException;
import io.hotpair.KeyArea;
import io.hotpair.Session;
import io.hotpair.TransactionView;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The databases of a server, which all stand in one keyspace, each in an area of it ({@link
 * KeyArea}): a database has the area of its number until SWAPDB has exchanged two. Which has which
 * then stands in the keyspace, under the one key that is in no area, so it is in the log, and on a
 * replica, as all else.
 *
 * <p>Where nobody has ever said SWAPDB, and the client has not left database 0, a command pays a
 * load, and a look at the first byte of each key. Thread-safe.
 */
final class Databases {
    private static final byte[] KEY = KeyArea.noneKey();

    /** Bytes for each database: its area, and how often it was exchanged. */
    private static final int ENTRY_LENGTH = 1 + Integer.BYTES;

    private static final byte[] NOTHING = new byte[0];

    private final KeyspacePort keyspace;
    private final int count;
    private volatile Mapping known = Mapping.NONE;

    Databases(KeyspacePort keyspace, int count) {
        this.keyspace = keyspace;
        this.count = count;
    }

    /** Which database has which area. Immutable. */
    static final class Mapping {
        /** Each database has the area of its number. */
        static final Mapping NONE = new Mapping(0, 0, new byte[0]);

        private final long version;
        private final long term;
        private final byte[] encoded;

        private Mapping(long version, long term, byte[] encoded) {
            this.version = version;
            this.term = term;
            this.encoded = encoded;
        }

        int area(int database) {
            int at = database * ENTRY_LENGTH;
            return at < encoded.length ? encoded[at] & 0xFF : database;
        }

        /** How often the database was exchanged with another one. */
        int swaps(int database) {
            int at = database * ENTRY_LENGTH;
            return at < encoded.length ? ByteBuffer.wrap(encoded).getInt(at + 1) : 0;
        }

        /** The database that has an area. */
        int database(int area) {
            for (int at = 0; at < encoded.length; at += ENTRY_LENGTH) {
                if ((encoded[at] & 0xFF) == area) {
                    return at / ENTRY_LENGTH;
                }
            }
            return area;
        }

        private byte[] swapped(int first, int second) {
            int entries = Math.max(Math.max(first, second) + 1, encoded.length / ENTRY_LENGTH);
            ByteBuffer swapped = ByteBuffer.allocate(entries * ENTRY_LENGTH);
            for (int database = 0; database < entries; database++) {
                boolean isFirst = database == first;
                boolean isOneOfThem = isFirst || database == second;
                int from = isFirst ? second : database == second ? first : database;
                swapped.put((byte) area(from)).putInt(swaps(database) + (isOneOfThem ? 1 : 0));
            }
            return swapped.array();
        }
    }

    int count() {
        return count;
    }

    /** Which database has which area, as things stand outside of any transaction. */
    Mapping present() {
        return keyspace.keyCount(KeyArea.NONE) == 0 ? Mapping.NONE : present(keyspace.unnoticed());
    }

    /** The same, or what it was when it could be read last: for what must not fail. */
    Mapping lastSeen() {
        try {
            return present();
        } catch (HotpairException | IllegalStateException e) {
            return known;
        }
    }

    private Mapping present(Session session) {
        // A number that was taken back may be given again, but not in the same term.
        long term = keyspace.term();
        long version = session.version(KEY);
        Mapping last = known;
        if (last.version != version || last.term != term) {
            // Newer than its version if somebody writes it now, which the next look corrects.
            last = mapping(version, term, session.get(KEY, 0, KEY.length));
            known = last;
        }
        return last;
    }

    private Mapping present(Client client) {
        return keyspace.keyCount(KeyArea.NONE) == 0 ? Mapping.NONE : present(client.unnoticed());
    }

    /** The same as a transaction sees it, which then is done again if it changes meanwhile. */
    Mapping within(TransactionView view) {
        // To ask for the version is to depend on it, also where there is none yet.
        long version = view.version(KEY);
        return version == 0 ? Mapping.NONE : mapping(version, 0, view.get(KEY));
    }

    /** What a value says; one that nobody here has written says nothing. */
    private static Mapping mapping(long version, long term, byte @Nullable [] encoded) {
        byte[] said = encoded == null || encoded.length % ENTRY_LENGTH != 0 ? NOTHING : encoded;
        for (int at = 0; at < said.length; at += ENTRY_LENGTH) {
            if ((said[at] & 0xFF) >= KeyArea.COUNT) {
                return new Mapping(version, term, NOTHING);
            }
        }
        return new Mapping(version, term, said);
    }

    /** What stands under the key that is in no area. */
    static Mapping mapping(byte[] encoded) {
        return mapping(0, 0, encoded);
    }

    /** As the command sees it that the client executes. */
    static Mapping mapping(Client client) {
        return client.transaction().isExecuting()
                ? client.transaction().mapping()
                : client.mapping();
    }

    /** The area of the client's database. */
    static int area(Client client) {
        return mapping(client).area(client.database());
    }

    /** Exchanges two databases, for all who use them. */
    void swap(Client client, int first, int second) {
        byte[] encoded =
                client.session()
                        .transaction(
                                view -> {
                                    byte[] swapped =
                                            mapping(0, 0, view.get(KEY)).swapped(first, second);
                                    view.put(KEY, swapped, Session.NEVER);
                                    return swapped;
                                });
        if (client.transaction().isExecuting()) {
            client.transaction().swapped(mapping(encoded));
        } else {
            moveWaiting(client.server());
        }
        client.noteWrite();
    }

    /** Has clients that wait in the two databases wait for the keys that are there now. */
    static void moveWaiting(RespServer server) {
        for (Worker worker : server.workers()) {
            worker.execute(worker::moveWaiting);
        }
    }

    /**
     * A request as its command gets it: with the keys under which things stand, in the place of
     * their names in the client's database.
     *
     * @return a request with bytes of its own, or the same if that is the same
     */
    Request stored(Command command, Request request, Client client) {
        if (!client.transaction().isExecuting()) {
            client.mapping(present(client));
        }
        List<KeySpec> specs = command.keys();
        if (specs.isEmpty() || command.handsKeysOn()) {
            return request;
        }
        int area = area(client);
        if (area == 0 && !isAnyPrefixed(command, request)) {
            return request;
        }
        return request.replaced(keys(specs, request), name -> KeyArea.key(area, name));
    }

    /** The request that it was before. */
    static Request named(Command command, Request stored) {
        return stored.replaced(keys(command.keys(), stored), KeyArea::name);
    }

    /** Whether keys of area 0 stand under another name than their own. Allocates nothing. */
    private static boolean isAnyPrefixed(Command command, Request request) {
        KeySpec.Legacy plain = command.plainKeys();
        if (plain != null) {
            int last = plain.last() < 0 ? request.count() + plain.last() : plain.last();
            return isAnyPrefixed(request, plain.first(), last, plain.step());
        }
        List<KeySpec> specs = command.keys();
        for (int s = 0; s < specs.size(); s++) {
            KeySpec spec = specs.get(s);
            long located = spec.locate(request, 0);
            if (KeySpec.isSome(located)
                    && isAnyPrefixed(
                            request, KeySpec.first(located), KeySpec.last(located), spec.step())) {
                return true;
            }
        }
        return false;
    }

    private static boolean isAnyPrefixed(Request request, int first, int last, int step) {
        for (int i = first; i <= last; i += step) {
            int offset = request.offset(i);
            if (request.length(i) > 0
                    && request.bytes()[offset] == KeyArea.FIRST_BYTE
                    && KeyArea.isPrefixed(0, request.bytes(), offset, request.length(i))) {
                return true;
            }
        }
        return false;
    }

    private static BitSet keys(List<KeySpec> specs, Request request) {
        BitSet keys = new BitSet(request.count());
        for (KeySpec spec : specs) {
            long located = spec.locate(request, 0);
            if (KeySpec.isSome(located)) {
                for (int i = KeySpec.first(located); i <= KeySpec.last(located); i += spec.step()) {
                    keys.set(i);
                }
            }
        }
        return keys;
    }

    /** Whether a key is the one that says which database has which area. */
    static boolean isMapping(byte[] key) {
        return Arrays.equals(key, KEY);
    }

    /** The number of a database that a client names. */
    int number(Request request, int argument) {
        long number = request.integer(argument);
        if (number != (int) number) {
            throw CommandException.notBetween(Integer.MIN_VALUE, Integer.MAX_VALUE);
        }
        if (number < 0 || number >= count) {
            throw outOfRange();
        }
        return (int) number;
    }

    static CommandException outOfRange() {
        return new CommandException("ERR DB index is out of range");
    }
}
