package io.hotpair.benchmarks.hitratio;

import java.util.PriorityQueue;

/**
 * The most that any cache could hit (Belady, 1966): it knows the future and keeps what is asked for
 * soonest, the new key included.
 */
final class Optimum implements Replay {
    private final int capacity;
    private final int[] nextRequests;
    private final boolean[] resident;

    // Next requests of keys, latest first, as their negatives; some of them out of date.
    private final PriorityQueue<Integer> latest = new PriorityQueue<>();
    private final Trace trace;
    private int count;
    private int request;

    Optimum(Trace trace, int capacity) {
        this.trace = trace;
        this.capacity = capacity;
        nextRequests = trace.nextRequests();
        resident = new boolean[trace.keyCount()];
    }

    @Override
    public boolean request(int key) {
        int next = nextRequests[request++];
        boolean hit = resident[key];
        boolean wanted = next < nextRequests.length;
        count += (wanted ? 1 : 0) - (hit ? 1 : 0);
        resident[key] = wanted;
        if (wanted) {
            latest.add(-next);
            makeRoom();
        }
        return hit;
    }

    /** What is queued and lies in the future is the next request of a key that is there. */
    private void makeRoom() {
        if (count > capacity) {
            resident[trace.key(-latest.remove())] = false;
            count--;
        }
    }
}
