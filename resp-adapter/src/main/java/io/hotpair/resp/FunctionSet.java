package io.hotpair.resp;

import io.hotpair.HotpairException;
import io.hotpair.KeyArea;
import io.hotpair.TypedOperations;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * The libraries of functions that there are, to who reads and writes by a session or in a
 * transaction. They are a hash of the keyspace, under a key that no client can name, so that a
 * change writes what it changes. All numbers are big-endian, a text stands after its length in
 * bytes (4), and an id has 16 bytes:
 *
 * <pre>
 *   field                   value
 *   L, name of a library    version 1, id, bytes 8
 *                           functions 4, then for each: name
 *                                                       flags 4, then their texts
 *                                                       0, or 1 and the description
 *                           source
 *   F, name of a function   version 1, id and name of its library
 *   nothing                 version 1, bytes 8, libraries 4, functions 4: of all together;
 *                           absent if a library was deleted where there was no memory to say it
 * </pre>
 *
 * <p>A function's name is in small letters in its field, as names are the same in capital ones. The
 * id is another one for each time that a library is loaded: who has seen it need not read the
 * library. What a library registers stands beside its source, so that nobody has to execute it to
 * know. Where there is no library there is no hash.
 *
 * <p>What adds and deletes libraries is called in a transaction, and looks at everything before it
 * writes: if they can't be added, the transaction may go on, with nothing changed.
 */
final class FunctionSet {
    private static final byte[] KEY =
            KeyArea.key(KeyArea.OWN, "functions".getBytes(StandardCharsets.US_ASCII));
    private static final int VERSION = 1;
    private static final char LIBRARY = 'L';
    private static final char FUNCTION = 'F';
    private static final byte[] TOTALS = {};

    /** What becomes of the libraries that are there when others are added. */
    enum Policy {
        FLUSH,
        APPEND,
        REPLACE
    }

    /**
     * How much there is.
     *
     * @param bytes about what the libraries take where they are compiled
     */
    record Totals(long bytes, int libraries, int functions) {
        static final Totals NONE = new Totals(0, 0, 0);

        private Totals with(FunctionLibrary library) {
            return new Totals(
                    bytes + library.bytes(), libraries + 1, functions + library.functions().size());
        }

        private Totals without(FunctionLibrary library) {
            return new Totals(
                    bytes - library.bytes(), libraries - 1, functions - library.functions().size());
        }
    }

    /** Which library has a function. */
    private record Place(UUID id, String library) {}

    private final TypedOperations operations;
    private final FunctionCache cache;

    FunctionSet(TypedOperations operations, FunctionCache cache) {
        this.operations = operations;
        this.cache = cache;
    }

    /** Whether a key is the one under which the libraries are. */
    static boolean isKey(byte[] key) {
        return Arrays.equals(key, KEY);
    }

    private static byte[] field(char kind, String name) {
        return (kind + name).getBytes(StandardCharsets.ISO_8859_1);
    }

    private static byte[] fieldOf(String function) {
        return field(FUNCTION, function.toLowerCase(Locale.ROOT));
    }

    private static boolean isLibrary(byte[] field) {
        return field.length > 0 && field[0] == LIBRARY;
    }

    // ---- what there is

    private byte @Nullable [] read(byte[] field) {
        try {
            return operations.hashes().hget(KEY, field);
        } catch (HotpairException e) {
            throw understood(e);
        }
    }

    private static RuntimeException understood(HotpairException e) {
        return e.category() == HotpairException.Category.WRONG_TYPE ? notUnderstood() : e;
    }

    private @Nullable Place place(String function) {
        byte[] value = read(fieldOf(function));
        return value == null ? null : decode(value, in -> new Place(id(in), text(in)));
    }

    /** The library that has a function, if it need not be read; else null. */
    @Nullable FunctionLibrary known(String function) {
        Place place = place(function);
        return place == null ? null : cache.get(place.library(), place.id());
    }

    /** The library that has a function, or null; to be called in a transaction. */
    @Nullable FunctionLibrary of(String function) {
        Place place = place(function);
        if (place == null) {
            return null;
        }
        FunctionLibrary known = cache.get(place.library(), place.id());
        if (known != null) {
            return known;
        }
        FunctionLibrary library = library(place.library());
        if (library == null) {
            throw notUnderstood();
        }
        cache.put(library);
        return library;
    }

    private @Nullable FunctionLibrary library(String name) {
        byte[] value = read(field(LIBRARY, name));
        return value == null ? null : decodeLibrary(value);
    }

    List<FunctionLibrary> all() {
        List<FunctionLibrary> all = new ArrayList<>();
        try {
            operations
                    .hashes()
                    .hgetAll(
                            KEY,
                            (field, value) -> {
                                if (isLibrary(field)) {
                                    all.add(decodeLibrary(value));
                                }
                            });
        } catch (HotpairException e) {
            throw understood(e);
        }
        return all;
    }

    Totals totals() {
        byte[] value = read(TOTALS);
        if (value != null) {
            return decode(value, in -> new Totals(in.readLong(), in.readInt(), in.readInt()));
        }
        return operations.hashes().hlen(KEY) == 0 ? Totals.NONE : counted();
    }

    private Totals counted() {
        Totals counted = Totals.NONE;
        for (FunctionLibrary each : all()) {
            counted = counted.with(each);
        }
        return counted;
    }

    // ---- changes

    static CommandException alreadyExists(String library) {
        return new CommandException("ERR Library " + library + " already exists");
    }

    /**
     * Looks whether a library can be added, as far as that is known before it is compiled.
     *
     * @throws CommandException if it can't
     */
    void check(FunctionLibrary library, boolean replaces, long limitBytes) {
        FunctionLibrary before = library(library.name());
        if (before != null && !replaces) {
            throw alreadyExists("'" + library.name() + "'");
        }
        long beforeBytes = before == null ? 0 : before.bytes();
        checkRoom(totals().bytes() - beforeBytes + library.bytes(), limitBytes);
    }

    static void checkRoom(long bytes, long limitBytes) {
        if (bytes > limitBytes) {
            throw new CommandException("ERR there is no room for more functions");
        }
    }

    /**
     * Adds libraries, whose names are not the same.
     *
     * @throws CommandException if that can't be
     */
    void add(Collection<FunctionLibrary> added, Policy policy, long limitBytes) {
        boolean flushes = policy == Policy.FLUSH;
        Totals totals = flushes ? Totals.NONE : totals();
        Set<KeyName> gone = new HashSet<>();
        for (FunctionLibrary library : added) {
            FunctionLibrary before = flushes ? null : library(library.name());
            if (before != null) {
                if (policy != Policy.REPLACE) {
                    throw alreadyExists(library.name());
                }
                totals = totals.without(before);
                before.functions().keySet().forEach(each -> gone.add(new KeyName(fieldOf(each))));
            }
        }
        Map<KeyName, byte[]> written = new LinkedHashMap<>();
        for (FunctionLibrary library : added) {
            totals = totals.with(library);
            written.put(new KeyName(field(LIBRARY, library.name())), encode(library));
            byte[] place = encode(out -> writePlace(out, library));
            for (String function : library.functions().keySet()) {
                KeyName field = new KeyName(fieldOf(function));
                boolean isFree = flushes || gone.contains(field) || read(field.bytes()) == null;
                if (!isFree || written.put(field, place) != null) {
                    throw new CommandException("ERR Function " + function + " already exists");
                }
            }
        }
        checkRoom(totals.bytes(), limitBytes);
        if (flushes) {
            flush();
        }
        gone.removeAll(written.keySet());
        remove(gone);
        if (!added.isEmpty()) {
            write(written, totals);
            // What was compiled to load them goes: who only loads makes nobody keep it.
            added.forEach(each -> cache.remove(each.name()));
        }
    }

    /**
     * Deletes a library.
     *
     * @param counts whether to write how much is left; else only what is gone is, and no memory
     *     taken but what a full keyspace keeps for that
     * @return whether it was there
     */
    boolean delete(String name, boolean counts) {
        FunctionLibrary library = library(name);
        if (library == null) {
            return false;
        }
        Totals rest = totals().without(library);
        if (rest.libraries() == 0) {
            flush();
            return true;
        }
        Set<KeyName> gone = new HashSet<>();
        gone.add(new KeyName(field(LIBRARY, name)));
        library.functions().keySet().forEach(each -> gone.add(new KeyName(fieldOf(each))));
        if (!counts) {
            gone.add(new KeyName(TOTALS));
        }
        remove(gone);
        if (counts) {
            write(Map.of(), rest);
        }
        cache.remove(name);
        return true;
    }

    /** Deletes all libraries, also if they are not understood. */
    void flush() {
        int unused = operations.keys().del(KEY);
        cache.clear();
    }

    private void remove(Set<KeyName> fields) {
        if (!fields.isEmpty()) {
            byte[][] names = fields.stream().map(KeyName::bytes).toArray(byte[][]::new);
            int unused = operations.hashes().hdel(KEY, names);
        }
    }

    private void write(Map<KeyName, byte[]> fields, Totals totals) {
        List<byte[]> all = new ArrayList<>();
        fields.forEach(
                (field, value) -> {
                    all.add(field.bytes());
                    all.add(value);
                });
        all.add(TOTALS);
        all.add(encode(out -> writeTotals(out, totals)));
        int unused = operations.hashes().hset(KEY, all.toArray(byte[][]::new));
    }

    // ---- as values

    private interface Writing {
        void to(DataOutputStream out) throws IOException;
    }

    private static byte[] encode(Writing value) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (DataOutputStream out = new DataOutputStream(bytes)) {
            out.writeByte(VERSION);
            value.to(out);
            return bytes.toByteArray();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void writeTotals(DataOutputStream out, Totals totals) throws IOException {
        out.writeLong(totals.bytes());
        out.writeInt(totals.libraries());
        out.writeInt(totals.functions());
    }

    private static void writePlace(DataOutputStream out, FunctionLibrary library)
            throws IOException {
        write(out, library.id());
        write(out, library.name());
    }

    private static byte[] encode(FunctionLibrary library) {
        byte[] source = library.source();
        byte[] head =
                encode(
                        out -> {
                            write(out, library.id());
                            out.writeLong(library.bytes());
                            out.writeInt(library.functions().size());
                            for (FunctionLibrary.Function each : library.functions().values()) {
                                write(out, each);
                            }
                            out.writeInt(source.length);
                        });
        // A source may be long: what grows with it would be there twice, and be copied again.
        byte[] value = Arrays.copyOf(head, head.length + source.length);
        System.arraycopy(source, 0, value, head.length, source.length);
        return value;
    }

    private static void write(DataOutputStream out, FunctionLibrary.Function function)
            throws IOException {
        write(out, function.name());
        out.writeInt(function.flags().size());
        for (Script.Flag flag : function.flags()) {
            write(out, flag.text());
        }
        String description = function.description();
        out.writeBoolean(description != null);
        if (description != null) {
            write(out, description);
        }
    }

    private static void write(DataOutputStream out, UUID id) throws IOException {
        out.writeLong(id.getMostSignificantBits());
        out.writeLong(id.getLeastSignificantBits());
    }

    private static void write(DataOutputStream out, String text) throws IOException {
        write(out, text.getBytes(StandardCharsets.ISO_8859_1));
    }

    private static void write(DataOutputStream out, byte[] bytes) throws IOException {
        out.writeInt(bytes.length);
        out.write(bytes);
    }

    private interface Reading<T> {
        T of(DataInputStream in) throws IOException;
    }

    private static <T> T decode(byte[] value, Reading<T> reading) {
        try (DataInputStream in = new DataInputStream(new ByteArrayInputStream(value))) {
            if (in.readByte() != VERSION) {
                throw notUnderstood();
            }
            return reading.of(in);
        } catch (IOException e) {
            throw notUnderstood();
        }
    }

    static CommandException notUnderstood() {
        return new CommandException(
                "ERR the functions of this keyspace were written by another version");
    }

    /**
     * The code of a library.
     *
     * @return null if the field is not that of a library
     * @throws CommandException if it is not understood
     */
    static byte @Nullable [] source(byte[] field, byte[] value) {
        return isLibrary(field) ? decodeLibrary(value).source() : null;
    }

    private static FunctionLibrary decodeLibrary(byte[] value) {
        return decode(
                value,
                in -> {
                    UUID id = id(in);
                    long bytes = in.readLong();
                    Map<String, FunctionLibrary.Function> functions = new LinkedHashMap<>();
                    for (int left = length(in); left > 0; left--) {
                        FunctionLibrary.Function function = function(in);
                        functions.put(function.name(), function);
                    }
                    return new FunctionLibrary(id, bytes, bytes(in), functions);
                });
    }

    private static FunctionLibrary.Function function(DataInputStream in) throws IOException {
        String name = text(in);
        Set<Script.Flag> flags = EnumSet.noneOf(Script.Flag.class);
        for (int left = length(in); left > 0; left--) {
            flags.add(Script.Flag.of(text(in)));
        }
        String description = in.readBoolean() ? text(in) : null;
        return new FunctionLibrary.Function(name, description, flags, null);
    }

    private static UUID id(DataInputStream in) throws IOException {
        return new UUID(in.readLong(), in.readLong());
    }

    private static String text(DataInputStream in) throws IOException {
        return new String(bytes(in), StandardCharsets.ISO_8859_1);
    }

    private static byte[] bytes(DataInputStream in) throws IOException {
        byte[] bytes = new byte[length(in)];
        in.readFully(bytes);
        return bytes;
    }

    private static int length(DataInputStream in) throws IOException {
        int length = in.readInt();
        if (length < 0 || length > in.available()) {
            throw notUnderstood();
        }
        return length;
    }
}
