package io.hotpair.log;

import java.util.ArrayList;
import java.util.List;

/**
 * Which term wrote which part of a history: each term with the first opId that it wrote, ascending
 * in both. A term's part ends before the next term's first opId. Immutable.
 *
 * @param terms the terms, oldest first; may be empty
 */
public record Lineage(List<TermStart> terms) {

    /** A history that nobody has written to. */
    public static final Lineage EMPTY = new Lineage(List.of());

    /**
     * The beginning of a term in the history.
     *
     * @param term the term
     * @param firstOpId one above the last opId before that term; the term's first operation may
     *     have a higher one, since opIds have gaps
     */
    public record TermStart(long term, long firstOpId) {}

    /**
     * Checks and copies.
     *
     * @param terms the terms, oldest first
     * @throws IllegalArgumentException if the terms do not ascend, or their opIds descend
     */
    public Lineage {
        terms = List.copyOf(terms);
        for (int i = 1; i < terms.size(); i++) {
            TermStart before = terms.get(i - 1);
            TermStart here = terms.get(i);
            if (here.term() <= before.term() || here.firstOpId() < before.firstOpId()) {
                throw new IllegalArgumentException(
                        "terms=" + terms + ", expected ascending terms and opIds");
            }
        }
    }

    /**
     * The newest term.
     *
     * @return the term, or 0 if there is none
     */
    public long lastTerm() {
        return terms.isEmpty() ? 0 : terms.get(terms.size() - 1).term();
    }

    /**
     * The term in which an operation of this history was made.
     *
     * @param opId the operation's
     * @return the term, or 0 if the operation is before the first one
     */
    public long termAt(long opId) {
        long term = 0;
        for (TermStart start : terms) {
            if (start.firstOpId() <= opId) {
                term = start.term();
            }
        }
        return term;
    }

    /**
     * The history after a term has begun to write. Terms whose part would begin at or after that
     * opId left nothing that is live, and go.
     *
     * @param term the term, above the last one
     * @param firstOpId one above the last opId before it: of its first frame, the previous opId
     *     plus one, never the frame's first opId, before which there may be a gap
     * @return the longer history; this one if the term is the last one already
     */
    public Lineage begin(long term, long firstOpId) {
        if (term == lastTerm()) {
            return this;
        }
        List<TermStart> next = new ArrayList<>(terms);
        while (!next.isEmpty() && next.get(next.size() - 1).firstOpId() >= firstOpId) {
            next.remove(next.size() - 1);
        }
        next.add(new TermStart(term, firstOpId));
        return new Lineage(next);
    }

    /**
     * The last opId of a term's part that is live.
     *
     * @param term a term, known here or not
     * @return the opId before the first one of the next higher term; {@link Long#MAX_VALUE} if
     *     there is no higher term
     */
    public long lastOpIdOf(long term) {
        for (TermStart start : terms) {
            if (start.term() > term) {
                return start.firstOpId() - 1;
            }
        }
        return Long.MAX_VALUE;
    }

    /**
     * Where a history that ends in (term, opId) parts from this one.
     *
     * @param term the last term of the other history
     * @param opId the last opId of the other history
     * @return the last opId that both share, at most {@code opId}
     */
    public long commonOpId(long term, long opId) {
        return Math.min(opId, lastOpIdOf(term));
    }
}
