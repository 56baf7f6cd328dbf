package io.hotpair.topology;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** Who is master, for whoever must ask. Thread-safe; an answer may be out of date on arrival. */
public interface Topology {

    /**
     * The name of this node.
     *
     * @return the name
     */
    String nodeName();

    /**
     * What this node does.
     *
     * @return the role
     */
    Role role();

    /**
     * The newest term that this node knows.
     *
     * @return the term
     */
    long term();

    /**
     * The master, as far as this node knows.
     *
     * @return the member, or null while there is none
     */
    @Nullable Member master();

    /**
     * Every node that holds a copy, this one included. The witness is not among them.
     *
     * @return the members
     */
    List<Member> members();

    /**
     * Full copies that this node received since it was opened, because its log could not be
     * resumed.
     *
     * @return the count
     */
    long fullCopyCount();

    /**
     * Whether this node is receiving a full copy or loading it. While it loads, reads are refused
     * with {@code LOADING}.
     *
     * @return whether it is
     */
    default boolean receivesFullCopy() {
        return false;
    }

    /**
     * Whether any single node may fail now, without the loss of what was acknowledged by the peer
     * and without the end of service.
     *
     * @return whether it may, as far as this node knows
     */
    default boolean haReady() {
        return false;
    }

    /**
     * What is wrong that needs a person, such as nodes that are silent or not in sync.
     *
     * @return a sentence, or null
     */
    default @Nullable String alarm() {
        return null;
    }
}
