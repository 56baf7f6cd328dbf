/**
 * The public API of the keyspace.
 *
 * <h2>Operations that wait</h2>
 *
 * <p>Some operations of lists, sorted sets and streams wait while they find nothing, as Redis's
 * blocking commands do. They have two forms. The plain one holds its thread, which may be a virtual
 * one, and nothing else; the one whose name ends in {@code Async} holds none and gives a {@link
 * java.util.concurrent.CompletableFuture}. What they have in common:
 *
 * <ul>
 *   <li>Those who take something from the same key are served in the order in which they came, by
 *       whoever changes the key; one who comes while others wait stands behind them. What is taken
 *       is given to exactly one, however many give up at that moment.
 *   <li>At first all keys are looked at, in the order in which they are given. After that each is
 *       looked at when it changes; a value of another type is then as good as none.
 *   <li>The time-out is at most how long it waits. Zero is for ever, as in Redis: who passes on
 *       what is left of a time must not let that become zero. A negative one is refused with {@link
 *       java.lang.IllegalArgumentException}. One that ends gives null, or an empty list.
 *   <li>An interrupt ends a wait as a time-out does; the flag stays up. If something was taken at
 *       the same moment it is given, and the flag stays up as well.
 *   <li>Nothing is given before it is acknowledged, at the level of the operations that were asked;
 *       a call of a session does not wait for that, only its future does, at the level of what gave
 *       the session. {@code OUTCOME_UNKNOWN} says that something was taken and may be gone.
 *   <li>A wait ends with {@code NOT_MASTER} when this node stops being master, and with {@link
 *       java.lang.IllegalStateException} when the keyspace is closed. Where writes are refused for
 *       a while, for lack of replicas, those who wait go on waiting.
 *   <li>In a transaction nothing waits: what would is answered as after a time-out.
 *   <li>To cancel or to complete the future ends the wait. While something is being taken it is
 *       only noted, and the call returns false: the future is completed with what was taken, or, if
 *       that was nothing, as was asked. It must be done to the future itself, not to one made of
 *       it.
 *   <li>What follows a future runs in the thread that completes it: the caller's, one that changed
 *       a key, or the keyspace's background thread. It may use the keyspace, but holds that thread
 *       up; what takes long, or waits, belongs into an executor of its own ({@code
 *       thenApplyAsync}).
 * </ul>
 */
@NullMarked
package io.hotpair;

import org.jspecify.annotations.NullMarked;
