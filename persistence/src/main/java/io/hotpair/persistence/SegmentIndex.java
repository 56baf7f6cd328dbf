package io.hotpair.persistence;

import io.hotpair.log.FrameDescriptor;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;

/**
 * Chronicle's own structures in a segment: the file's header and its index pages. They have no
 * checksum, and Chronicle believes them: a flipped bit there makes it append into the middle of the
 * file, move the file away, or take all of the heap. But all of them follow from where the frames
 * are. So they are computed from the verified frames before Chronicle opens the file, and put right
 * where they differ.
 *
 * <p>They also differ without any damage: a process that is killed leaves them one frame behind,
 * and one that loses its machine anything at all.
 *
 * <p>The layout is in {@code persistence/docs/log-format.md}; a test compares what is computed here
 * with what Chronicle writes.
 */
final class SegmentIndex {
    /** Each this many frames the position of one is noted in an index page. */
    static final int SPACING = 256;

    /** Entries of an index page, and of the page that leads to the index pages. */
    static final int CAPACITY = 4096;

    /** No page is longer. */
    static final int MAX_PAGE_LENGTH = CAPACITY * Long.BYTES + 64;

    /** Where the page begins that leads to the index pages. */
    static final int ROOT_PAGE = 200;

    private static final int WRITE_POSITION_OFFSET = 64;
    private static final int SEQUENCE_OFFSET = 72;
    private static final int NEXT_INDEXED_OFFSET = 176;
    private static final int NOT_DATA = 0x4000_0000;
    private static final byte NAME_TAG = (byte) 0xB9;
    private static final byte PADDING = (byte) 0x8F;
    private static final byte LONG_PADDING = (byte) 0x8E;
    private static final byte ARRAY_TAG = (byte) 0x8D;

    /**
     * The header as Chronicle writes it with the settings in QueueWriter; zeros where it varies.
     */
    private static final byte[] HEADER =
            HexFormat.of()
                    .parseHex(
                            "c1000040b906686561646572b60853435153746f726582aa00"
                                    + "0000cd7772697465506f736974696f6e8e01000000008d0200"
                                    + "00000000000002000000000000000000000000000000000000"
                                    + "0000000000c8696e646578696e67b60c53435153496e646578"
                                    + "696e67824c000000ca696e646578436f756e74a50010cc696e"
                                    + "64657853706163696e67a50001cb696e64657832496e646578"
                                    + "8fa7c800000000000000c96c617374496e6465788e00000000"
                                    + "a70000000000000000ca64617461466f726d6174a101");

    private final List<Long> pages;
    private final List<Long> indexed;
    private long frameCount;
    private long lastHeader;

    SegmentIndex() {
        this(List.of(), List.of(), 0, 0);
    }

    /**
     * Goes on behind the frames that another one has taken note of.
     *
     * @param pages its {@link #pages()}
     * @param indexed its {@link #indexed()}
     * @param frameCount how many frames
     * @param lastHeader where the last of them begins
     */
    SegmentIndex(List<Long> pages, List<Long> indexed, long frameCount, long lastHeader) {
        this.pages = new ArrayList<>(pages);
        this.indexed = new ArrayList<>(indexed);
        this.frameCount = frameCount;
        this.lastHeader = lastHeader;
    }

    /** Whether no frame was taken note of. */
    boolean isEmpty() {
        return frameCount == 0;
    }

    /** Where Chronicle's own documents begin. */
    List<Long> pages() {
        return List.copyOf(pages);
    }

    /** Those before the last frame. */
    List<Long> pagesBetweenFrames() {
        return pages.stream().filter(page -> page < lastHeader).toList();
    }

    /** Where each frame begins whose position is in an index page. */
    List<Long> indexed() {
        return List.copyOf(indexed);
    }

    /** Takes note of a frame. */
    void addFrame(long header) {
        if (frameCount % SPACING == 0) {
            indexed.add(header);
        }
        frameCount++;
        lastHeader = header;
    }

    /** Takes note of one of Chronicle's own documents. */
    void addPage(long header) {
        pages.add(header);
    }

    /**
     * Puts the structures of a segment with at least one frame right.
     *
     * @return where the first difference was, or -1 if there was none
     * @throws io.hotpair.HotpairException {@code CORRUPTION} if documents of Chronicle's are
     *     missing
     */
    long restore(Path segment) throws IOException {
        if (pages.size() < 3 || pages.get(0) != 0 || pages.get(1) != ROOT_PAGE) {
            throw Failures.corruption(segment + " at position 0 is damaged: index pages=" + pages);
        }
        try (RandomAccessFile file = new RandomAccessFile(segment.toFile(), "rw")) {
            long difference = restore(file, 0, header());
            difference = first(difference, restore(file, ROOT_PAGE, rootPage()));
            for (int i = 2; i < pages.size(); i++) {
                difference = first(difference, restore(file, pages.get(i), indexPage(i - 2)));
            }
            if (difference >= 0) {
                file.getFD().sync();
            }
            return difference;
        }
    }

    private byte[] header() {
        byte[] header = HEADER.clone();
        FrameDescriptor.putLong(header, WRITE_POSITION_OFFSET, lastHeader);
        FrameDescriptor.putLong(header, SEQUENCE_OFFSET, (lastHeader << 32) + frameCount - 1);
        long nextIndexed = Math.min(indexed.size(), (pages.size() - 2L) * CAPACITY) * SPACING;
        FrameDescriptor.putLong(header, NEXT_INDEXED_OFFSET, nextIndexed);
        return header;
    }

    private byte[] rootPage() {
        return page(ROOT_PAGE, "index2index", pages.subList(2, pages.size()));
    }

    private byte[] indexPage(int number) {
        int from = Math.min(indexed.size(), number * CAPACITY);
        int to = Math.min(indexed.size(), from + CAPACITY);
        return page(pages.get(number + 2), "index", indexed.subList(from, to));
    }

    /** A page: its name, and an array aligned in the file, by padding of one byte or of many. */
    private static byte[] page(long position, String name, List<Long> entries) {
        int nameEnd = 6 + name.length();
        int array = (int) (((position + nameEnd + 1 + 7) & ~7L) - position);
        byte[] page = new byte[array + 16 + CAPACITY * Long.BYTES];
        FrameDescriptor.putInt(page, 0, NOT_DATA | (page.length - 4));
        page[4] = NAME_TAG;
        page[5] = (byte) name.length();
        byte[] letters = name.getBytes(StandardCharsets.US_ASCII);
        System.arraycopy(letters, 0, page, 6, letters.length);
        pad(page, nameEnd, array - 1);
        page[array - 1] = ARRAY_TAG;
        FrameDescriptor.putLong(page, array, CAPACITY);
        FrameDescriptor.putLong(page, array + 8, entries.size());
        for (int i = 0; i < entries.size(); i++) {
            FrameDescriptor.putLong(page, array + 16 + i * Long.BYTES, entries.get(i));
        }
        return page;
    }

    private static void pad(byte[] page, int from, int to) {
        if (to - from < 5) {
            Arrays.fill(page, from, to, PADDING);
        } else {
            page[from] = LONG_PADDING;
            FrameDescriptor.putInt(page, from + 1, to - from - 5);
        }
    }

    private static long restore(RandomAccessFile file, long position, byte[] expected)
            throws IOException {
        byte[] found = new byte[expected.length];
        file.seek(position);
        file.readFully(found);
        int difference = Arrays.mismatch(found, expected);
        if (difference < 0) {
            return -1;
        }
        file.seek(position);
        file.write(expected);
        return position + difference;
    }

    private static long first(long difference, long other) {
        return difference >= 0 ? difference : other;
    }
}
