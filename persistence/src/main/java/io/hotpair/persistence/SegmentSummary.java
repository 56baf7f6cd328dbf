package io.hotpair.persistence;

import io.hotpair.log.FrameDescriptor;
import io.hotpair.log.Lineage;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * What there is to know of a segment, or of its beginning, when all frames in it have been read and
 * checked: enough to go on behind them as if they had been read again. Follows from the frames, the
 * cuts among them, and what the log was before them; so it can be lost and made anew.
 *
 * <pre>
 *   offset size  field
 *        0    4  magic            "HPSM"
 *        4    2  version          1
 *        6    2  flags            1 = all of the segment, which has ended
 *        8    8  log id           the more significant half
 *       16    8  log id           the less significant half
 *       24    4  cycle            of the segment
 *       28    4  length           of this file, bytes
 *       32    8  segment length   bytes of its file; 0 unless it has ended
 *       40    8  end mark         position of the mark of its end; 0 unless it has ended
 *       48    8  first frame      position of its document
 *       56    8  last frame       position of its document
 *       64    8  written          position at which the last frame ends
 *       72    8  frames           how many
 *       80    8  chain            of the checksums of all frames, see {@link #chain}
 *       88    4  first checksum   that of the first frame
 *       92    4  last checksum    that of the last frame
 *       96    8  previous opId    the last live opId before the segment
 *      104    8  first opId       in it, live or dead
 *      112    8  first live opId  in it that no cut in it has ended; 0 if there is none
 *      120    8  last opId        the last live one behind the last frame
 *      128    4  terms before     how many of each of what follows
 *      132    4  terms
 *      136    4  cuts
 *      140    4  pages
 *      144    4  indexed frames
 *      148    4  waypoints
 *      152   16  each term before the segment: term, first opId
 *            16  each term behind the last frame: term, first opId
 *            16  each cut in it: position, kept opId
 *             8  each of Chronicle's own documents: position
 *             8  each 256th frame: position
 *            16  each waypoint: position, previous opId
 *             4  CRC32C           of all bytes before
 * </pre>
 *
 * <p>Little-endian. The format document is {@code persistence/docs/log-format.md}.
 *
 * @param logId whose segment
 * @param cycle which
 * @param before what the log was before it
 * @param frames the frames in it
 * @param after what the log is behind them
 * @param cuts those between its frames, in order
 * @param pages where Chronicle's own documents begin
 * @param indexed where each 256th frame's document begins
 * @param waypoints where reading can begin
 * @param end how the segment ends; null if it may go on
 */
record SegmentSummary(
        UUID logId,
        int cycle,
        State before,
        Frames frames,
        State after,
        List<Cut> cuts,
        List<Long> pages,
        List<Long> indexed,
        List<Mark> waypoints,
        @Nullable End end) {

    private static final int MAGIC = 0x4D535048;
    private static final int VERSION = 1;
    private static final int FLAG_ENDED = 1;
    private static final int HEADER_LENGTH = 152;
    private static final long MULTIPLIER = 0x9E37_79B9_7F4A_7C15L;

    /**
     * What a log is at some place.
     *
     * @param opId the last live opId
     * @param lineage which terms wrote the live part
     */
    record State(long opId, Lineage lineage) {}

    /**
     * All frames of a segment up to some place, live and dead.
     *
     * @param count how many; at least one
     * @param first position of the first one's document
     * @param firstCrc its checksum
     * @param last position of the last one's document
     * @param lastCrc its checksum
     * @param written where the last one ends
     * @param chain of the checksums of all of them
     * @param firstOpId the first opId in them
     * @param firstLiveOpId the first one that no cut in the segment has ended; 0 if there is none
     */
    record Frames(
            long count,
            long first,
            int firstCrc,
            long last,
            int lastCrc,
            long written,
            long chain,
            long firstOpId,
            long firstLiveOpId) {}

    /**
     * A frame at which reading can begin.
     *
     * @param position of its document
     * @param previousOpId the last live opId before it, when it was appended
     */
    record Mark(long position, long previousOpId) {}

    /**
     * The end of a segment that is not appended to any more.
     *
     * @param header where the mark of it begins
     * @param fileLength of the segment, bytes; behind the mark there are only zeros
     */
    record End(long header, long fileLength) {}

    /**
     * One more frame's checksum in the chain: two sequences of frames that differ in any frame's
     * checksum, or in the order, have different chains but for an accident of 1 in 2^64.
     */
    static long chain(long chain, int crc) {
        long mixed = (chain ^ (crc & 0xFFFF_FFFFL)) * MULTIPLIER;
        return mixed ^ (mixed >>> 32);
    }

    /** Whether two of the same frames say the same; waypoints are for speed only. */
    boolean agreesWith(SegmentSummary other) {
        return without().equals(other.without());
    }

    private SegmentSummary without() {
        return new SegmentSummary(
                logId, cycle, before, frames, after, cuts, pages, indexed, List.of(), end);
    }

    /** What follows the last frame begins here, or a little later. */
    long position() {
        return (frames.written() + 3) & ~3L;
    }

    byte[] encode() {
        int terms = before.lineage().terms().size() + after.lineage().terms().size();
        int length =
                HEADER_LENGTH
                        + 16 * (terms + cuts.size() + waypoints.size())
                        + Long.BYTES * (pages.size() + indexed.size())
                        + Integer.BYTES;
        ByteBuffer out = ByteBuffer.allocate(length).order(ByteOrder.LITTLE_ENDIAN);
        encodeHeader(out);
        encodeTerms(out, before.lineage());
        encodeTerms(out, after.lineage());
        cuts.forEach(cut -> out.putLong(cut.boundary().position()).putLong(cut.keptOpId()));
        pages.forEach(out::putLong);
        indexed.forEach(out::putLong);
        waypoints.forEach(mark -> out.putLong(mark.position()).putLong(mark.previousOpId()));
        out.putInt(checksum(out.array(), length - Integer.BYTES));
        return out.array();
    }

    private void encodeHeader(ByteBuffer out) {
        End ended = end;
        out.putInt(MAGIC).putShort((short) VERSION);
        out.putShort((short) (ended == null ? 0 : FLAG_ENDED));
        out.putLong(logId.getMostSignificantBits()).putLong(logId.getLeastSignificantBits());
        out.putInt(cycle).putInt(out.capacity());
        out.putLong(ended == null ? 0 : ended.fileLength());
        out.putLong(ended == null ? 0 : ended.header());
        out.putLong(frames.first()).putLong(frames.last()).putLong(frames.written());
        out.putLong(frames.count()).putLong(frames.chain());
        out.putInt(frames.firstCrc()).putInt(frames.lastCrc());
        out.putLong(before.opId());
        out.putLong(frames.firstOpId()).putLong(frames.firstLiveOpId());
        out.putLong(after.opId());
        out.putInt(before.lineage().terms().size()).putInt(after.lineage().terms().size());
        out.putInt(cuts.size()).putInt(pages.size());
        out.putInt(indexed.size()).putInt(waypoints.size());
    }

    private static void encodeTerms(ByteBuffer out, Lineage lineage) {
        lineage.terms().forEach(start -> out.putLong(start.term()).putLong(start.firstOpId()));
    }

    /**
     * Reads one.
     *
     * @return the summary, or null if the bytes are not one that this build wrote: damaged, or of
     *     another version
     */
    static @Nullable SegmentSummary decode(byte[] bytes) {
        if (bytes.length < HEADER_LENGTH + Integer.BYTES) {
            return null;
        }
        int body = bytes.length - Integer.BYTES;
        boolean isSound =
                FrameDescriptor.getInt(bytes, body) == checksum(bytes, body)
                        && FrameDescriptor.getInt(bytes, 0) == MAGIC
                        && FrameDescriptor.getShort(bytes, 4) == VERSION
                        && FrameDescriptor.getInt(bytes, 28) == bytes.length;
        if (!isSound) {
            return null;
        }
        try {
            return decodeSound(ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN));
        } catch (BufferUnderflowException | IllegalArgumentException e) {
            // Sound, and still not what this build writes: not of use.
            return null;
        }
    }

    private static SegmentSummary decodeSound(ByteBuffer in) {
        boolean ended = (in.getShort(6) & FLAG_ENDED) != 0;
        UUID logId = new UUID(in.getLong(8), in.getLong(16));
        int cycle = in.getInt(24);
        in.position(HEADER_LENGTH);
        Lineage before = decodeTerms(in, in.getInt(128));
        Lineage after = decodeTerms(in, in.getInt(132));
        List<Cut> cuts = new ArrayList<>();
        for (int i = in.getInt(136); i > 0; i--) {
            cuts.add(new Cut(new Place(cycle, in.getLong()), in.getLong()));
        }
        List<Long> pages = decodeLongs(in, in.getInt(140));
        List<Long> indexed = decodeLongs(in, in.getInt(144));
        List<Mark> waypoints = new ArrayList<>();
        for (int i = in.getInt(148); i > 0; i--) {
            waypoints.add(new Mark(in.getLong(), in.getLong()));
        }
        return new SegmentSummary(
                logId,
                cycle,
                new State(in.getLong(96), before),
                decodeFrames(in),
                new State(in.getLong(120), after),
                List.copyOf(cuts),
                pages,
                indexed,
                List.copyOf(waypoints),
                ended ? new End(in.getLong(40), in.getLong(32)) : null);
    }

    private static Frames decodeFrames(ByteBuffer in) {
        return new Frames(
                in.getLong(72),
                in.getLong(48),
                in.getInt(88),
                in.getLong(56),
                in.getInt(92),
                in.getLong(64),
                in.getLong(80),
                in.getLong(104),
                in.getLong(112));
    }

    private static Lineage decodeTerms(ByteBuffer in, int count) {
        List<Lineage.TermStart> terms = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            terms.add(new Lineage.TermStart(in.getLong(), in.getLong()));
        }
        return new Lineage(terms);
    }

    private static List<Long> decodeLongs(ByteBuffer in, int count) {
        List<Long> longs = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            longs.add(in.getLong());
        }
        return List.copyOf(longs);
    }

    private static int checksum(byte[] bytes, int length) {
        CRC32C crc = new CRC32C();
        crc.update(bytes, 0, length);
        return (int) crc.getValue();
    }
}
