package io.hotpair.resp.internal.lua;

import java.util.Arrays;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/**
 * A table: an array for 1 to n, and a hash of chained entries in one block for the rest, as Lua 5.1
 * has them ("The Implementation of Lua 5.0", Ierusalimschy, de Figueiredo, Celes, section 4). It
 * follows that implementation to the slot, since scripts see its choices: the order of {@code
 * pairs}, and the border that {@code #} finds when there are gaps.
 *
 * <pre>
 *  array   [1][2][3]...            up to a power of two that is more than half used
 *  keys    [k][k][ ][k]  values    an entry stands in its main position, or, if that is taken by
 *  next     2 -1     -1            one that is at home there, in a free slot, linked behind it
 * </pre>
 */
public final class LuaTable {
    private static final @Nullable Object[] NO_ARRAY = {};
    private static final @Nullable Object[] NO_KEYS = {null};
    private static final int[] NO_NEXT = {-1};
    private static final int NONE = -1;
    private static final int MAX_BITS = 26;
    private static final int OBJECT_BYTES = 88;
    private static final int ARRAY_SLOT_BYTES = 24;
    private static final int ENTRY_BYTES = 36;

    private final @Nullable Budget budget;
    private @Nullable Object[] array = NO_ARRAY;
    private @Nullable Object[] keys = NO_KEYS;
    private @Nullable Object[] values = NO_KEYS;
    private int[] next = NO_NEXT;
    private int lastFree;
    private boolean readOnly;
    private @Nullable LuaTable metatable;

    /** The walk over live memory that came by last; see {@link Budget}. */
    int mark;

    /**
     * Makes an empty one.
     *
     * @param budget whose memory it takes; null if it is a library's
     */
    public LuaTable(@Nullable Budget budget) {
        this(budget, 0, 0);
    }

    LuaTable(@Nullable Budget budget, int arrayCount, int hashCount) {
        this.budget = budget;
        if (budget != null) {
            budget.allocate(OBJECT_BYTES);
        }
        if (arrayCount > 0 || hashCount > 0) {
            charge(arrayCount, hashCount);
            array = arrayCount == 0 ? NO_ARRAY : new Object[arrayCount];
            makeEntries(hashCount);
        }
    }

    /** A table of the same pairs in the same order, that belongs to an execution. */
    LuaTable copyFor(Budget owner) {
        LuaTable copy = new LuaTable(owner);
        copy.array = array.clone();
        copy.keys = keys.clone();
        copy.values = values.clone();
        copy.next = next.clone();
        copy.lastFree = lastFree;
        copy.readOnly = readOnly;
        copy.metatable = metatable;
        return copy;
    }

    /** Whether it is a library's, which no execution changes. */
    boolean isShared() {
        return budget == null;
    }

    /** Forbids every change from now on. */
    void protect() {
        readOnly = true;
    }

    boolean isReadOnly() {
        return readOnly;
    }

    @Nullable LuaTable metatable() {
        return metatable;
    }

    void metatable(@Nullable LuaTable table) {
        metatable = table;
    }

    /** The bytes that it takes by itself. */
    long bytes() {
        return OBJECT_BYTES
                + (long) array.length * ARRAY_SLOT_BYTES
                + (isEmptyHash() ? 0 : (long) keys.length * ENTRY_BYTES);
    }

    @Nullable Object[] arrayPart() {
        return array;
    }

    @Nullable Object[] hashKeys() {
        return keys;
    }

    @Nullable Object[] hashValues() {
        return values;
    }

    private boolean isEmptyHash() {
        return keys == NO_KEYS;
    }

    // ---- reading

    /**
     * The value of a key, without metamethods.
     *
     * @param key any value
     * @return the value, or null
     */
    public @Nullable Object get(@Nullable Object key) {
        if (key instanceof Double number) {
            double d = number;
            int index = (int) d;
            if (index == d) {
                return get(index, number);
            }
        } else if (key == null) {
            return null;
        }
        return inHash(key);
    }

    /**
     * The value of a field.
     *
     * @param name the field's name
     * @return the value, or null
     */
    public @Nullable Object get(String name) {
        return inHash(LuaString.of(name));
    }

    /**
     * The value at an index.
     *
     * @param index usually from 1
     * @return the value, or null
     */
    public @Nullable Object get(int index) {
        if (index - 1 >= 0 && index - 1 < array.length) {
            return array[index - 1];
        }
        return isEmptyHash() ? null : inHash((double) index);
    }

    private @Nullable Object get(int index, Double boxed) {
        if (index - 1 >= 0 && index - 1 < array.length) {
            return array[index - 1];
        }
        return isEmptyHash() ? null : inHash(boxed);
    }

    private @Nullable Object inHash(Object key) {
        int at = find(key);
        return at == NONE ? null : values[at];
    }

    private int find(Object key) {
        if (isEmptyHash()) {
            return NONE;
        }
        int at = mainPosition(key);
        int walked = 0;
        int found = NONE;
        do {
            Object there = keys[at];
            if (there == key || (there != null && isEqual(there, key))) {
                found = at;
                break;
            }
            at = next[at];
            walked++;
        } while (at != NONE);
        if (budget != null) {
            payForSearch(budget, key, walked);
        }
        return found;
    }

    /** Keys of the same place are compared, byte by byte if they are as long. */
    private static void payForSearch(Budget payer, Object key, int walked) {
        int perKey = key instanceof LuaString string ? string.length() >>> 8 : 0;
        if (walked > 16 || perKey > 0) {
            payer.steps((int) Math.min((walked + 1L) * (perKey + 1), 1 << 20));
        }
    }

    private static boolean isEqual(Object a, Object b) {
        if (a instanceof Double x) {
            return b instanceof Double y && x.doubleValue() == y.doubleValue();
        }
        return a instanceof LuaString && a.equals(b);
    }

    private int mainPosition(Object key) {
        int size = keys.length;
        if (key instanceof LuaString string) {
            return string.hashCode() & (size - 1);
        }
        if (key instanceof Double number) {
            double d = number;
            if (d == 0) {
                return 0;
            }
            long bits = Double.doubleToRawLongBits(d);
            return Integer.remainderUnsigned((int) bits + (int) (bits >>> 32), (size - 1) | 1);
        }
        if (key instanceof Boolean bool) {
            return (bool ? 1 : 0) & (size - 1);
        }
        return Integer.remainderUnsigned(System.identityHashCode(key), (size - 1) | 1);
    }

    /**
     * How many elements it has: some n with a value at n and none at n + 1.
     *
     * @return n
     */
    public int length() {
        int high = array.length;
        if (high > 0 && array[high - 1] == null) {
            int low = 0;
            while (high - low > 1) {
                int middle = (low + high) >>> 1;
                if (array[middle - 1] == null) {
                    high = middle;
                } else {
                    low = middle;
                }
            }
            return low;
        }
        return isEmptyHash() ? high : lengthInHash(high);
    }

    private int lengthInHash(int from) {
        int low = from;
        int high = from + 1;
        while (get(high) != null) {
            low = high;
            if (high > Integer.MAX_VALUE / 2) {
                return lengthOneByOne();
            }
            high *= 2;
        }
        while (high - low > 1) {
            int middle = (low + high) >>> 1;
            if (get(middle) == null) {
                high = middle;
            } else {
                low = middle;
            }
        }
        return low;
    }

    private int lengthOneByOne() {
        int i = 1;
        while (get(i) != null) {
            i++;
        }
        return i - 1;
    }

    // ---- going through

    /**
     * The place behind a key, for {@link #nextFrom}.
     *
     * @return the place, or -1 if the key was never there
     */
    int placeBehind(@Nullable Object key) {
        if (key == null) {
            return 0;
        }
        if (key instanceof Double number) {
            double d = number;
            int index = (int) d;
            if (index == d && index > 0 && index <= array.length) {
                return index;
            }
        }
        int at = find(key);
        return at == NONE ? NONE : array.length + at + 1;
    }

    /**
     * The first place from here on where something is.
     *
     * @return the place, or -1 if there is none
     */
    int nextFrom(int place) {
        int found = search(place);
        if (budget != null) {
            int passed = (found < 0 ? array.length + keys.length : found) - place;
            if (passed > 16) {
                budget.steps(passed >>> 3);
            }
        }
        return found;
    }

    private int search(int place) {
        int at = place;
        for (; at < array.length; at++) {
            if (array[at] != null) {
                return at;
            }
        }
        for (; at - array.length < keys.length; at++) {
            if (values[at - array.length] != null) {
                return at;
            }
        }
        return NONE;
    }

    /**
     * Goes through all pairs.
     *
     * @param visitor gets each key with its value
     */
    public void forEach(BiConsumer<Object, Object> visitor) {
        for (int at = nextFrom(0); at >= 0; at = nextFrom(at + 1)) {
            Object key = keyAt(at);
            Object value = valueAt(at);
            if (key != null && value != null) {
                visitor.accept(key, value);
            }
        }
    }

    @Nullable Object keyAt(int place) {
        return place < array.length ? (Object) (double) (place + 1) : keys[place - array.length];
    }

    @Nullable Object valueAt(int place) {
        return place < array.length ? array[place] : values[place - array.length];
    }

    // ---- writing

    /**
     * Sets the value of a field; the table must not be protected.
     *
     * @param name the field's name
     * @param value the value, or null to remove it
     */
    public void set(String name, @Nullable Object value) {
        set(LuaString.of(name), value);
    }

    /**
     * Sets the value at an index; the table must not be protected.
     *
     * @param index usually from 1
     * @param value the value, or null to remove it
     */
    public void set(int index, @Nullable Object value) {
        if (index - 1 >= 0 && index - 1 < array.length) {
            array[index - 1] = value;
        } else {
            setInHash((double) index, value);
        }
    }

    /**
     * Sets the value of any key, unless that is nil or NaN; the table must not be protected.
     *
     * @param key the key
     * @param value the value, or null to remove it
     */
    public void put(@Nullable Object key, @Nullable Object value) {
        if (key != null && !(key instanceof Double number && number.isNaN())) {
            set(key, value);
        }
    }

    /** Sets the value of a key that is neither nil nor NaN; the table must not be protected. */
    void set(Object key, @Nullable Object value) {
        if (key instanceof Double number) {
            double d = number;
            int index = (int) d;
            if (index == d && index - 1 >= 0 && index - 1 < array.length) {
                array[index - 1] = value;
                return;
            }
        }
        setInHash(key, value);
    }

    private void setInHash(Object key, @Nullable Object value) {
        int at = find(key);
        if (at == NONE) {
            insert(key, value);
        } else {
            values[at] = value;
        }
    }

    private void insert(Object key, @Nullable Object value) {
        int home = mainPosition(key);
        if (isEmptyHash() || values[home] != null) {
            int free = freeSlot();
            if (free == NONE) {
                rehash(key);
                set(key, value);
                return;
            }
            Object there = keys[home];
            int othersHome = there == null ? home : mainPosition(there);
            if (othersHome != home) {
                moveAway(home, othersHome, free);
            } else {
                next[free] = next[home];
                next[home] = free;
                home = free;
            }
        }
        keys[home] = key instanceof Double number && number == 0 ? (Object) 0.0 : key;
        values[home] = value;
    }

    /** Makes room for one that is at home here, by moving one that is not. */
    private void moveAway(int from, int itsHome, int to) {
        int before = itsHome;
        while (next[before] != from) {
            before = next[before];
        }
        next[before] = to;
        keys[to] = keys[from];
        values[to] = values[from];
        next[to] = next[from];
        next[from] = NONE;
        values[from] = null;
    }

    private int freeSlot() {
        while (lastFree-- > 0) {
            if (keys[lastFree] == null) {
                return lastFree;
            }
        }
        lastFree = 0;
        return NONE;
    }

    // ---- growing

    private void rehash(Object extra) {
        int[] counts = new int[MAX_BITS + 1];
        int inArray = countArray(counts);
        int total = inArray;
        int integers = inArray;
        for (int i = keys.length - 1; i >= 0; i--) {
            if (values[i] != null) {
                integers += count(keys[i], counts);
                total++;
            }
        }
        integers += count(extra, counts);
        total++;
        if (budget != null) {
            budget.steps((array.length + keys.length) / 8);
        }
        int size = 0;
        int sum = 0;
        int inNewArray = 0;
        for (int bits = 0, power = 1;
                power / 2 < integers && bits <= MAX_BITS;
                bits++, power *= 2) {
            if (counts[bits] > 0) {
                sum += counts[bits];
                if (sum > power / 2) {
                    size = power;
                    inNewArray = sum;
                }
            }
            if (sum == integers) {
                break;
            }
        }
        resize(size, total - inNewArray);
    }

    private int countArray(int[] counts) {
        int total = 0;
        int from = 1;
        for (int bits = 0, power = 1; bits <= MAX_BITS; bits++, power *= 2) {
            int to = Math.min(power, array.length);
            for (; from <= to; from++) {
                if (array[from - 1] != null) {
                    counts[bits]++;
                    total++;
                }
            }
            if (from > array.length) {
                break;
            }
        }
        return total;
    }

    private static int count(@Nullable Object key, int[] counts) {
        if (key instanceof Double number) {
            double d = number;
            int index = (int) d;
            if (index == d && index > 0 && index <= 1 << MAX_BITS) {
                counts[logUp(index)]++;
                return 1;
            }
        }
        return 0;
    }

    /** The logarithm to the base of 2, rounded up. */
    private static int logUp(int n) {
        return n <= 1 ? 0 : 32 - Integer.numberOfLeadingZeros(n - 1);
    }

    /** Makes the array this long, as a constructor does before it fills it. */
    void growArray(int toLength) {
        if (toLength > array.length) {
            resize(toLength, isEmptyHash() ? 0 : keys.length);
        }
    }

    private void resize(int arrayCount, int hashCount) {
        charge(arrayCount, hashCount);
        @Nullable Object[] oldArray = array;
        @Nullable Object[] oldKeys = keys;
        @Nullable Object[] oldValues = values;
        array = arrayCount == 0 ? NO_ARRAY : Arrays.copyOf(oldArray, arrayCount);
        makeEntries(hashCount);
        for (int i = arrayCount; i < oldArray.length; i++) {
            if (oldArray[i] != null) {
                set(i + 1, oldArray[i]);
            }
        }
        for (int i = oldKeys.length - 1; i >= 0; i--) {
            Object key = oldKeys[i];
            if (key != null && oldValues[i] != null) {
                set(key, oldValues[i]);
            }
        }
    }

    private void charge(int arrayCount, int hashCount) {
        if (budget != null) {
            budget.allocate(
                    (long) arrayCount * ARRAY_SLOT_BYTES
                            + (hashCount == 0 ? 0 : (ENTRY_BYTES << (long) logUp(hashCount))));
        }
    }

    private void makeEntries(int count) {
        if (count == 0) {
            keys = NO_KEYS;
            values = NO_KEYS;
            next = NO_NEXT;
            lastFree = 0;
            return;
        }
        int size = 1 << logUp(count);
        keys = new Object[size];
        values = new Object[size];
        next = new int[size];
        Arrays.fill(next, NONE);
        lastFree = size;
    }
}
