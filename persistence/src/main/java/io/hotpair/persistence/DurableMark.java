package io.hotpair.persistence;

import io.hotpair.HotpairException;
import io.hotpair.log.FrameDescriptor;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.zip.CRC32C;

/**
 * How far the log is known to have reached the device, in the file {@code durable.mark}. Before it
 * nothing may be missing or damaged; that is how recovery tells bit rot from a torn tail, and a
 * deleted last segment from a short log.
 *
 * <p>Written after each force, and not forced itself: after a power cut an older mark is found,
 * which is true as well, only weaker. The session's begin and its clean end are forced.
 *
 * <pre>
 *   offset size  field
 *        0    4  magic        "HPDM"
 *        4    2  version      1
 *        6    2  state        1 = a session is open or died, 2 = closed
 *        8    4  cycle        of the segment
 *       12    4  reserved, 0
 *       16    8  position     in that segment: all before it is forced
 *       24    8  last opId    the last live one; for people, not checked
 *       32   36  boot id      the boot in which the session ran, ASCII; zeros if not known
 *       68    4  CRC32C       of the 68 bytes before
 * </pre>
 *
 * <p>Little-endian. It lies in one sector, so that it is never torn.
 */
final class DurableMark implements AutoCloseable {
    static final String FILE_NAME = "durable.mark";
    static final int LENGTH = 72;

    private static final int MAGIC = 0x4D445048;
    private static final int VERSION = 1;
    private static final int BOOT_ID_OFFSET = 32;
    private static final int BOOT_ID_LENGTH = 36;
    private static final int CRC_OFFSET = 68;
    private static final int OPEN = 1;
    private static final int CLOSED = 2;

    private final RandomAccessFile file;
    private final byte[] bytes = new byte[LENGTH];

    private DurableMark(RandomAccessFile file) {
        this.file = file;
    }

    /** Creates the mark of a new log, or replaces a half-made one. */
    static void create(Path directory) throws IOException {
        Path path = directory.resolve(FILE_NAME);
        byte[] bytes = new byte[LENGTH];
        encode(bytes, CLOSED, Place.START, 0);
        Directories.writeAtomically(path, bytes);
    }

    /**
     * Opens the mark.
     *
     * @throws HotpairException {@code CORRUPTION} or {@code UNKNOWN_VERSION}
     */
    static DurableMark open(Path directory) throws IOException {
        Path path = directory.resolve(FILE_NAME);
        if (!Files.exists(path)) {
            throw Failures.corruption(path + " is missing");
        }
        DurableMark mark = new DurableMark(new RandomAccessFile(path.toFile(), "rw"));
        try {
            mark.read(path);
            return mark;
        } catch (IOException | RuntimeException e) {
            mark.close();
            throw e;
        }
    }

    /** Up to where all is forced. */
    Place place() {
        return new Place(FrameDescriptor.getInt(bytes, 8), FrameDescriptor.getLong(bytes, 16));
    }

    /** Whether the last session ended with a close. */
    boolean isClosed() {
        return FrameDescriptor.getShort(bytes, 6) == CLOSED;
    }

    /**
     * Whether the machine has stayed up since the last session, so that the page cache kept what it
     * had written, in the order in which it was written.
     */
    boolean isSameBoot(String bootId) {
        return !bootId.isEmpty() && bootId.equals(bootId());
    }

    /** Says, durably, that a session has begun. */
    void begin(String bootId) throws IOException {
        byte[] name = bootId.getBytes(StandardCharsets.US_ASCII);
        for (int i = 0; i < BOOT_ID_LENGTH; i++) {
            bytes[BOOT_ID_OFFSET + i] = i < name.length ? name[i] : 0;
        }
        write(OPEN, place(), FrameDescriptor.getLong(bytes, 24));
        file.getFD().sync();
    }

    /** Says that the log was forced up to a place. */
    void advance(Place place, long lastOpId) throws IOException {
        write(OPEN, place, lastOpId);
    }

    /**
     * Says, durably, that the log was forced up to a place only, and nothing of the boot: what lies
     * behind it may be old, new or missing.
     */
    void retreat(Place place, long lastOpId) throws IOException {
        for (int i = 0; i < BOOT_ID_LENGTH; i++) {
            bytes[BOOT_ID_OFFSET + i] = 0;
        }
        write(OPEN, place, lastOpId);
        file.getFD().sync();
    }

    /** Says, durably, that the session has ended and everything was forced. */
    void end(Place place, long lastOpId) throws IOException {
        write(CLOSED, place, lastOpId);
        file.getFD().sync();
    }

    @Override
    public void close() throws IOException {
        file.close();
    }

    private String bootId() {
        return new String(bytes, BOOT_ID_OFFSET, BOOT_ID_LENGTH, StandardCharsets.US_ASCII)
                .replace("\0", "");
    }

    private void read(Path path) throws IOException {
        if (file.length() != LENGTH) {
            throw Failures.corruption(path + ": length=" + file.length() + ", expected " + LENGTH);
        }
        file.readFully(bytes);
        int stated = FrameDescriptor.getInt(bytes, CRC_OFFSET);
        int computed = checksum(bytes);
        if (stated != computed || FrameDescriptor.getInt(bytes, 0) != MAGIC) {
            throw Failures.corruption(
                    String.format(
                            Locale.ROOT,
                            "%s at position 0 is damaged: checksum=%08x, computed %08x",
                            path,
                            stated,
                            computed));
        }
        int version = FrameDescriptor.getShort(bytes, 4);
        if (version != VERSION) {
            throw new HotpairException(
                    HotpairException.Category.UNKNOWN_VERSION,
                    path + ": version=" + version + ", expected " + VERSION);
        }
    }

    private void write(int state, Place place, long lastOpId) throws IOException {
        encode(bytes, state, place, lastOpId);
        file.seek(0);
        file.write(bytes);
    }

    private static void encode(byte[] bytes, int state, Place place, long lastOpId) {
        FrameDescriptor.putInt(bytes, 0, MAGIC);
        FrameDescriptor.putShort(bytes, 4, VERSION);
        FrameDescriptor.putShort(bytes, 6, state);
        FrameDescriptor.putInt(bytes, 8, place.cycle());
        FrameDescriptor.putInt(bytes, 12, 0);
        FrameDescriptor.putLong(bytes, 16, place.position());
        FrameDescriptor.putLong(bytes, 24, lastOpId);
        FrameDescriptor.putInt(bytes, CRC_OFFSET, checksum(bytes));
    }

    private static int checksum(byte[] bytes) {
        CRC32C crc = new CRC32C();
        crc.update(bytes, 0, CRC_OFFSET);
        return (int) crc.getValue();
    }
}
