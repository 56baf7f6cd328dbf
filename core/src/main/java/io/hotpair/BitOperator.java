package io.hotpair;

/** How {@link StringOperations#bitOp} combines strings, bit by bit. */
public enum BitOperator {
    /** Set in all of them. */
    AND,
    /** Set in any of them. */
    OR,
    /** Set in an odd number of them. */
    XOR,
    /** Not set; of one string only. */
    NOT,
    /** Set in the first one and in none of the others. */
    DIFF,
    /** Set in any of the others but not in the first one. */
    DIFF1,
    /** Set in the first one and in any of the others. */
    ANDOR,
    /** Set in exactly one of them. */
    ONE
}
