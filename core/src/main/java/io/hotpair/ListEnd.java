package io.hotpair;

/** An end of a list. */
public enum ListEnd {
    /** Where the first element is. */
    LEFT,
    /** Where the last element is. */
    RIGHT
}
