package io.hotpair.resp.internal.lua;

/** A node of the tree that does something. */
abstract class Statement {
    /** The next statement comes. */
    static final int NORMAL = 0;

    /** The loop ends. */
    static final int BREAK = 1;

    /** The function ends; its results are in the frame. */
    static final int RETURN = 2;

    /** Does it. */
    abstract int execute(Frame frame);
}
