package io.hotpair.internal;

import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/** What can be said of a value whatever its type is. */
final class Values {
    private Values() {}

    /** How many of an element's first key bytes are not its own but its hash. */
    static int skipped(Mem mem, long record) {
        int type = Records.type(mem, record);
        return Records.isTree(mem, record) && (type == Records.HASH || type == Records.SET)
                ? Members.HASH_LENGTH
                : 0;
    }

    /** How many elements a value consists of that is no string. */
    static long count(Edit edit, long record) {
        Mem mem = edit.mem();
        return Records.isTree(mem, record)
                ? edit.tree().count(root(mem, record))
                : Leaf.getShort(Records.value(mem, record), 0);
    }

    private static long root(Mem mem, long record) {
        return mem.getLong(Records.value(mem, record, Records.TREE_ROOT));
    }

    /**
     * Visits every element of a value that consists of elements, in its own order. Of a sorted set
     * those in the order of scores.
     */
    static void forEach(Edit edit, long record, Tree.Visitor visitor) {
        range(edit, record, 0, Long.MAX_VALUE, visitor);
    }

    /** As {@link #forEach}, from one place to another. */
    static void range(Edit edit, long record, long from, long to, Tree.Visitor visitor) {
        Mem mem = edit.mem();
        if (Records.isTree(mem, record)) {
            boolean unused = edit.tree().range(root(mem, record), from, to, visitor);
            return;
        }
        Leaf leaf = new Leaf();
        leaf.load(mem, Records.value(mem, record, 0), Records.valueLength(mem, record));
        for (int i = (int) from; i < Math.min(to, leaf.count()) && visitor.visit(leaf.at(i)); i++) {
            // The visitor does the work.
        }
    }

    /**
     * A digest of many keys with their values and deadlines: a sum, so that it does not matter in
     * which order keys are met, nor how a value is laid out.
     */
    static final class Digest {
        private final MessageDigest sha;
        private final ByteBuffer numbers = ByteBuffer.allocate(4 * Long.BYTES);
        private long upper;
        private long lower;
        private long position;

        Digest() {
            try {
                sha = MessageDigest.getInstance("SHA-256");
            } catch (NoSuchAlgorithmException e) {
                throw new IllegalStateException("every JVM has SHA-256", e);
            }
        }

        void add(Edit edit, long record) {
            Mem mem = edit.mem();
            byte[] key = Records.key(mem, record);
            int type = Records.type(mem, record);
            position = 0;
            if (type != Records.STRING) {
                int skipped = skipped(mem, record);
                long nowMs = Records.isTimed(mem, record) ? edit.nowMs() : 0;
                forEach(
                        edit,
                        record,
                        leaf ->
                                Members.hasExpired(leaf, nowMs)
                                        || addElement(key, type, skipped, leaf));
                if (nowMs != 0 && position == 0) {
                    // All that is left has expired, so the key is about to be removed.
                    return;
                }
            }
            header(key, type, Records.deadlineMs(mem, record), position);
            if (type == Records.STRING) {
                StringContent content = new StringContent(edit).open(record);
                boolean unused = content.range(0, content.length(), this::addBytes);
            }
            sum();
        }

        private void header(byte[] key, int type, long deadlineMs, long number) {
            numbers.clear();
            numbers.putLong(key.length).putLong(type).putLong(deadlineMs).putLong(number);
            sha.update(numbers.array());
            sha.update(key);
        }

        private boolean addBytes(byte[] bytes, int offset, int count) {
            sha.update(bytes, offset, count);
            return true;
        }

        private boolean addElement(byte[] key, int type, int skipped, Leaf leaf) {
            // Only in a list does the place say something that the element does not.
            header(key, type, leaf.marked() ? 1 : 0, type == Records.LIST ? position : 0);
            position++;
            numbers.clear();
            numbers.putLong(leaf.keyLength() - skipped).putLong(leaf.valueLength());
            sha.update(numbers.array(), 0, numbers.position());
            sha.update(leaf.bytes(), leaf.keyOffset() + skipped, leaf.keyLength() - skipped);
            sha.update(leaf.bytes(), leaf.valueOffset(), leaf.valueLength());
            sum();
            return true;
        }

        private void sum() {
            ByteBuffer hash = ByteBuffer.wrap(sha.digest());
            upper += hash.getLong();
            lower += hash.getLong();
        }

        /** The digest, as 32 hexadecimal digits. */
        String hex() {
            return HexFormat.of().toHexDigits(upper) + HexFormat.of().toHexDigits(lower);
        }
    }
}
