package io.hotpair.internal;

/** What {@link Variant} has put into the engine calls this. */
final class Faults {
    private static Runnable thrower = () -> {};
    private static long countdown;
    private static long blocks;
    private static Runnable inAbandon = () -> {};
    private static Runnable inLeave = () -> {};

    private Faults() {}

    /** Throws at the k-th allocation from now on. */
    static void arm(long k, Runnable throwing) {
        countdown = k;
        thrower = throwing;
    }

    /** Whether it has not thrown yet. */
    static boolean disarm() {
        boolean armed = countdown > 0;
        countdown = 0;
        return armed;
    }

    /** Throws once where what was built is given back, and once where a stripe is left. */
    static void armEnd(Runnable throwing) {
        inAbandon = throwing;
        inLeave = throwing;
    }

    /** Called when what was built begins to be given back. */
    static void abandon() {
        Runnable armed = inAbandon;
        inAbandon = () -> {};
        armed.run();
    }

    /** Called before a stripe is said to be free. */
    static void leave() {
        Runnable armed = inLeave;
        inLeave = () -> {};
        armed.run();
    }

    /** Called before memory of any kind is taken. */
    static void allocate() {
        if (countdown > 0 && --countdown == 0) {
            thrower.run();
        }
    }

    /** Called when the slab has given a block, and when it has one back. */
    static void blocks(int change) {
        blocks += change;
    }

    /** Blocks that the slab has given and not got back. */
    static long blocks() {
        return blocks;
    }
}
