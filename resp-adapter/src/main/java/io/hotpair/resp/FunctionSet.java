package io.hotpair.resp;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Collection;
import java.util.Collections;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * The libraries of functions that there are at one moment. Immutable. As a value of the keyspace it
 * is, with all numbers big-endian and each text after its length in bytes (4):
 *
 * <pre>
 *   id 16        another one for each content, so that who has seen it need not read the rest
 *   version 1    1
 *   libraries 4  then for each: source
 *                               functions 4, then for each: name
 *                                                           flags 4, then their texts
 *                                                           0, or 1 and the description
 * </pre>
 *
 * <p>What a library registers stands beside its source, so that nobody has to execute it to know.
 */
final class FunctionSet {
    static final int ID_LENGTH = 2 * Long.BYTES;

    /** What there is in the beginning. */
    static final FunctionSet NONE = new FunctionSet(new byte[0], List.of());

    private static final int VERSION = 1;

    /** What becomes of the libraries that are there when others are added. */
    enum Policy {
        FLUSH,
        APPEND,
        REPLACE
    }

    private final byte[] id;
    private final Map<String, FunctionLibrary> libraries = new LinkedHashMap<>();

    /** By names of functions, which are the same in capital letters. */
    private final Map<String, FunctionLibrary> byFunction =
            new TreeMap<>(String.CASE_INSENSITIVE_ORDER);

    private FunctionSet(byte[] id, Collection<FunctionLibrary> all) {
        this.id = id;
        for (FunctionLibrary library : all) {
            libraries.put(library.name(), library);
            for (String function : library.functions().keySet()) {
                if (byFunction.put(function, library) != null) {
                    throw new CommandException("ERR Function " + function + " already exists");
                }
            }
        }
    }

    private static FunctionSet of(Collection<FunctionLibrary> all) {
        UUID random = UUID.randomUUID();
        byte[] id =
                ByteBuffer.allocate(ID_LENGTH)
                        .putLong(random.getMostSignificantBits())
                        .putLong(random.getLeastSignificantBits())
                        .array();
        return new FunctionSet(id, all);
    }

    /** Whether this is what a value with such a beginning holds. */
    boolean hasId(byte[] other) {
        return Arrays.equals(id, other);
    }

    @Nullable FunctionLibrary of(String function) {
        return byFunction.get(function);
    }

    Collection<FunctionLibrary> all() {
        return Collections.unmodifiableCollection(libraries.values());
    }

    /** The code of each library. */
    List<byte[]> sources() {
        return libraries.values().stream().map(FunctionLibrary::source).toList();
    }

    int functionCount() {
        return byFunction.size();
    }

    long bytes() {
        return libraries.values().stream().mapToLong(FunctionLibrary::bytes).sum();
    }

    static CommandException alreadyExists(String library) {
        return new CommandException("ERR Library " + library + " already exists");
    }

    /**
     * Looks whether a library can be added, as far as that is known before it is compiled.
     *
     * @throws CommandException if it can't
     */
    void check(FunctionLibrary library, boolean replaces, long limitBytes) {
        FunctionLibrary known = libraries.get(library.name());
        if (known != null && !replaces) {
            throw alreadyExists("'" + library.name() + "'");
        }
        checkRoom(bytes() - (known == null ? 0 : known.bytes()) + library.bytes(), limitBytes);
    }

    static void checkRoom(long bytes, long limitBytes) {
        if (bytes > limitBytes) {
            throw new CommandException("ERR there is no room for more functions");
        }
    }

    /**
     * These libraries and others.
     *
     * @throws CommandException if that can't be
     */
    FunctionSet with(Collection<FunctionLibrary> added, Policy policy, long limitBytes) {
        Map<String, FunctionLibrary> all =
                new LinkedHashMap<>(policy == Policy.FLUSH ? Map.of() : libraries);
        for (FunctionLibrary library : added) {
            if (all.put(library.name(), library) != null && policy != Policy.REPLACE) {
                throw alreadyExists(library.name());
            }
        }
        FunctionSet set = of(all.values());
        checkRoom(set.bytes(), limitBytes);
        return set;
    }

    /** These libraries but one; null if it is not among them. */
    @Nullable FunctionSet without(String name) {
        if (!libraries.containsKey(name)) {
            return null;
        }
        Map<String, FunctionLibrary> rest = new LinkedHashMap<>(libraries);
        rest.remove(name);
        return rest.isEmpty() ? NONE : of(rest.values());
    }

    // ---- as a value

    /** The value, or null for none. */
    byte @Nullable [] encode() {
        if (libraries.isEmpty()) {
            return null;
        }
        // What grows is there twice, and so is what is copied; sources may be long.
        Whole whole = new Whole(encodedLength());
        try (DataOutputStream out = new DataOutputStream(whole)) {
            write(out);
            return whole.bytes();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Bytes whose count is known before. */
    private static final class Whole extends ByteArrayOutputStream {
        Whole(int length) {
            super(length);
        }

        byte[] bytes() {
            return count == buf.length ? buf : toByteArray();
        }
    }

    private int encodedLength() {
        long length = ID_LENGTH + 1 + Integer.BYTES;
        for (FunctionLibrary library : libraries.values()) {
            length += 2 * Integer.BYTES + library.source().length;
            for (FunctionLibrary.Function function : library.functions().values()) {
                length += 2 * Integer.BYTES + function.name().length() + 1;
                for (Script.Flag flag : function.flags()) {
                    length += Integer.BYTES + flag.text().length();
                }
                String description = function.description();
                length += description == null ? 0 : Integer.BYTES + description.length();
            }
        }
        return Math.toIntExact(length);
    }

    private void write(DataOutputStream out) throws IOException {
        out.write(id);
        out.writeByte(VERSION);
        out.writeInt(libraries.size());
        for (FunctionLibrary library : libraries.values()) {
            write(out, library.source());
            out.writeInt(library.functions().size());
            for (FunctionLibrary.Function function : library.functions().values()) {
                write(out, function);
            }
        }
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

    private static void write(DataOutputStream out, String text) throws IOException {
        write(out, text.getBytes(StandardCharsets.ISO_8859_1));
    }

    private static void write(DataOutputStream out, byte[] bytes) throws IOException {
        out.writeInt(bytes.length);
        out.write(bytes);
    }

    /**
     * Reads a value.
     *
     * @param known where libraries come from that are there already, and compiled
     * @throws CommandException if it is not understood
     */
    static FunctionSet decode(byte @Nullable [] value, FunctionSet known) {
        if (value == null) {
            return NONE;
        }
        try (DataInputStream in = new DataInputStream(new ByteArrayInputStream(value))) {
            byte[] id = in.readNBytes(ID_LENGTH);
            if (in.readByte() != VERSION) {
                throw notUnderstood();
            }
            FunctionLibrary[] all = new FunctionLibrary[length(in)];
            for (int i = 0; i < all.length; i++) {
                all[i] = library(in, value, known);
            }
            return new FunctionSet(id, List.of(all));
        } catch (IOException e) {
            throw notUnderstood();
        }
    }

    private static CommandException notUnderstood() {
        return new CommandException(
                "ERR the functions of this keyspace were written by another version");
    }

    private static FunctionLibrary library(DataInputStream in, byte[] value, FunctionSet known)
            throws IOException {
        int length = length(in);
        int at = value.length - in.available();
        FunctionLibrary same = known.withSource(value, at, length);
        // Looked at where it is: what is known already is not copied.
        FunctionLibrary library = same == null ? new FunctionLibrary(in.readNBytes(length)) : same;
        in.skipNBytes(same == null ? 0 : length);
        Map<String, FunctionLibrary.Function> functions = new LinkedHashMap<>();
        for (int left = length(in); left > 0; left--) {
            FunctionLibrary.Function function = function(in);
            functions.put(function.name(), function);
        }
        if (same == null) {
            library.functions(functions);
        }
        return library;
    }

    private @Nullable FunctionLibrary withSource(byte[] value, int at, int length) {
        for (FunctionLibrary each : libraries.values()) {
            byte[] source = each.source();
            if (Arrays.equals(value, at, at + length, source, 0, source.length)) {
                return each;
            }
        }
        return null;
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

    private static String text(DataInputStream in) throws IOException {
        return new String(bytes(in), StandardCharsets.ISO_8859_1);
    }

    private static byte[] bytes(DataInputStream in) throws IOException {
        return in.readNBytes(length(in));
    }

    private static int length(DataInputStream in) throws IOException {
        int length = in.readInt();
        if (length < 0 || length > in.available()) {
            throw notUnderstood();
        }
        return length;
    }
}
