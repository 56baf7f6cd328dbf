package io.hotpair.internal;

/** Gives records their opIds, in the order in which the log holds them. */
interface Numbering {

    /**
     * Numbers an installed record, if nobody has yet. The caller is inside an epoch that began
     * before the record could be retired.
     *
     * @return the record's opId, whoever gave it
     */
    long number(long record);

    /** Records with opIds up to this one are no longer needed by the log. */
    long takenOpId();

    /** The last opId that was given, or that a claim under way may still give. */
    long lastOpId();
}
