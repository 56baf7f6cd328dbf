package io.hotpair.resp;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * One limit for the input and output that is held for all clients together. Who passes it makes the
 * largest client lose its connection, so that one greedy client can't starve the others.
 * Thread-safe.
 */
final class MemoryBudget {
    private volatile long limitBytes;
    private final AtomicLong usedBytes = new AtomicLong();
    private final AtomicLong evictedCount = new AtomicLong();
    private final Set<Account> accounts = ConcurrentHashMap.newKeySet();

    MemoryBudget(long limitBytes) {
        this.limitBytes = limitBytes;
    }

    long limitBytes() {
        return limitBytes;
    }

    /** Sets the limit; who is over it now goes when more is charged. */
    void limitBytes(long bytes) {
        limitBytes = bytes;
    }

    long usedBytes() {
        return usedBytes.get();
    }

    long availableBytes() {
        return Math.max(0, limitBytes - usedBytes.get());
    }

    long evictedCount() {
        return evictedCount.get();
    }

    /**
     * Opens a client's account.
     *
     * @param evict disconnects the client; called at most once, from any event loop
     */
    Account open(Runnable evict) {
        Account account = new Account(evict);
        accounts.add(account);
        return account;
    }

    private void enforce() {
        while (usedBytes.get() > limitBytes) {
            Account largest = largest();
            if (largest == null) {
                return;
            }
            largest.evict();
        }
    }

    private @Nullable Account largest() {
        Account largest = null;
        for (Account account : accounts) {
            if (!account.protectedFromEviction
                    && account.heldBytes > 0
                    && (largest == null || account.heldBytes > largest.heldBytes)) {
                largest = account;
            }
        }
        return largest;
    }

    /** What is held for one client. */
    final class Account {
        private final Runnable evict;
        private volatile long heldBytes;
        private volatile boolean protectedFromEviction;
        private volatile boolean closed;

        private Account(Runnable evict) {
            this.evict = evict;
        }

        long heldBytes() {
            return heldBytes;
        }

        /** Whether the client was neither evicted nor has gone. */
        boolean isOpen() {
            return !closed;
        }

        void protectFromEviction(boolean whether) {
            protectedFromEviction = whether;
        }

        /** Adds to what is held, or gives back if negative. */
        void charge(long bytes) {
            synchronized (this) {
                if (closed) {
                    return;
                }
                heldBytes = heldBytes + bytes;
                usedBytes.addAndGet(bytes);
            }
            if (bytes > 0) {
                enforce();
            }
        }

        /**
         * Adds to what is held, for a command that may ask for ever more.
         *
         * @throws CommandException if the client is disconnected for it, and is to get nothing more
         */
        void chargeOrEnd(long bytes) {
            charge(bytes);
            if (closed) {
                throw new CommandException("ERR all clients together hold more than they may");
            }
        }

        /** Gives everything back; what is charged afterwards does not count. */
        void close() {
            synchronized (this) {
                if (closed) {
                    return;
                }
                closed = true;
                usedBytes.addAndGet(-heldBytes);
                heldBytes = 0;
            }
            accounts.remove(this);
        }

        private void evict() {
            // Closed first: the memory counts as free from now on, or every other client that
            // grows before the connection is really gone would evict one more.
            close();
            evictedCount.incrementAndGet();
            evict.run();
        }
    }
}
