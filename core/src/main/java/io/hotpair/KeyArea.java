package io.hotpair;

import java.util.Arrays;

/**
 * How the keys of several databases, as Redis has them, stand in one keyspace. Each database has
 * its area. The keys of area 0 stand under their names; those of another one under a name that no
 * text begins with:
 *
 * <pre>
 *   area 0, any name but the next         name
 *   area 0, a name that begins as those   FF 44 42, 00, name
 *   area 1 to 254                         FF 44 42, area, name
 *   what belongs to all databases         FF 44 42, FF, name
 *   which of them has which area          FF 44 42
 * </pre>
 *
 * <p>So no two names of any two areas are the same key. To a keyspace all of them are keys as
 * others; it only counts them for each area ({@link Keyspace#keyCount(int)}). Which database has
 * which area is for those to know who have databases: the Redis adapter, where {@code SWAPDB}
 * exchanges the areas of two.
 */
public final class KeyArea {
    /** How many areas there are for databases. */
    public static final int COUNT = 255;

    /** The area of what belongs to all databases. It is never evicted. */
    public static final int OWN = COUNT;

    /** Bytes by which a key is longer than its name, outside of area 0. */
    public static final int PREFIX_LENGTH = 4;

    /** The first byte of all keys that do not stand under their names; no text in UTF-8 has it. */
    public static final byte FIRST_BYTE = (byte) 0xFF;

    /** What {@link #of} answers for the key that is in no area. */
    public static final int NONE = COUNT + 1;

    private static final byte[] MARK = {FIRST_BYTE, 'D', 'B'};

    private KeyArea() {}

    /**
     * The key for what whoever has databases must keep of them. It is in no area, and never
     * evicted.
     *
     * @return the key, the caller's own
     */
    public static byte[] noneKey() {
        return MARK.clone();
    }

    /**
     * The key under which something stands.
     *
     * @param area its area, 0 to 255
     * @param name its name there
     * @return the key; the name itself if they are the same
     */
    public static byte[] key(int area, byte[] name) {
        if (!isPrefixed(area, name, 0, name.length)) {
            return name;
        }
        byte[] key = new byte[PREFIX_LENGTH + name.length];
        prefix(area, key, 0);
        System.arraycopy(name, 0, key, PREFIX_LENGTH, name.length);
        return key;
    }

    /**
     * Whether a name's key is another than the name.
     *
     * @param area the area, 0 to 255
     * @param bytes hold the name
     * @param offset where it begins
     * @param length its bytes
     * @return whether the key begins with a prefix
     */
    public static boolean isPrefixed(int area, byte[] bytes, int offset, int length) {
        return area != 0 || isMarked(bytes, offset, length);
    }

    /**
     * Writes what a key begins with.
     *
     * @param area the area, 0 to 255
     * @param into receives {@link #PREFIX_LENGTH} bytes
     * @param offset where to put them
     */
    public static void prefix(int area, byte[] into, int offset) {
        if (area < 0 || area > OWN) {
            throw new IllegalArgumentException("area=" + area + ", expected 0 to 255");
        }
        System.arraycopy(MARK, 0, into, offset, MARK.length);
        into[offset + MARK.length] = (byte) area;
    }

    /**
     * The area of a key.
     *
     * @param key the key
     * @return 0 to 255, or {@link #NONE}
     */
    public static int of(byte[] key) {
        if (!isMarked(key, 0, key.length)) {
            return 0;
        }
        return key.length < PREFIX_LENGTH ? NONE : key[MARK.length] & 0xFF;
    }

    /**
     * The name of a key in its area.
     *
     * @param key the key
     * @return the name; the key itself if they are the same
     */
    public static byte[] name(byte[] key) {
        return key.length < PREFIX_LENGTH || !isMarked(key, 0, key.length)
                ? key
                : Arrays.copyOfRange(key, PREFIX_LENGTH, key.length);
    }

    /**
     * Whether a key is of no database.
     *
     * @param key the key
     * @return whether it is in {@link #OWN} or in no area
     */
    public static boolean isOwn(byte[] key) {
        return of(key) >= OWN;
    }

    private static boolean isMarked(byte[] bytes, int offset, int length) {
        return length >= MARK.length
                && bytes[offset] == FIRST_BYTE
                && Arrays.equals(bytes, offset, offset + MARK.length, MARK, 0, MARK.length);
    }
}
