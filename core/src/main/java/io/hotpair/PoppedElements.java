package io.hotpair;

import java.util.List;

/** What {@link ListOperations#lmpop} and those that wait took, and from where. */
public final class PoppedElements {
    private final byte[] key;
    private final List<byte[]> elements;

    /**
     * Creates one.
     *
     * @param key the key
     * @param elements the elements
     */
    public PoppedElements(byte[] key, List<byte[]> elements) {
        this.key = key;
        this.elements = elements;
    }

    /**
     * The list's key: the array that the caller gave, or a copy if it waited.
     *
     * @return the key
     */
    public byte[] key() {
        return key;
    }

    /**
     * The elements, the one at the end first.
     *
     * @return at least one
     */
    public List<byte[]> elements() {
        return elements;
    }
}
