package io.hotpair.internal;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TreeTest {
    private final Mem mem = Mem.platform();
    private final Tree tree = new Tree(mem);
    private final CountingStore store = new CountingStore();
    private long root;

    @AfterEach
    void close() {
        mem.close();
    }

    /**
     * Knows every node that a tree should consist of. A change lasts until {@link #publish}; what
     * was there before it must stay as it is.
     */
    private final class CountingStore implements NodeStore {
        private final Set<Long> nodes = new HashSet<>();
        private final Set<Long> gone = new HashSet<>();
        private final Set<Long> fresh = new HashSet<>();
        private final Map<Long, byte[]> published = new HashMap<>();

        @Override
        public long allocateNode(int lengthBytes) {
            long node = mem.allocate(lengthBytes);
            nodes.add(node);
            fresh.add(node);
            return node;
        }

        @Override
        public boolean isFresh(long node) {
            return fresh.contains(node);
        }

        @Override
        public int birth() {
            return 0;
        }

        @Override
        public void replaceNode(long node) {
            assertTrue(nodes.remove(node), "a node was given back twice");
            if (fresh.remove(node)) {
                mem.free(node);
            } else {
                gone.add(node);
            }
        }

        @Override
        public void dropTree(long node) {
            if (Tree.level(mem.getLong(node)) > 0) {
                for (int i = 0; i < Tree.nodeCount(mem.getLong(node)); i++) {
                    dropTree(Tree.child(mem, node, i));
                }
            }
            replaceNode(node);
        }

        /** Ends a change: what it replaced is gone, and what it made is everybody's. */
        void publish() {
            published.forEach((node, bytes) -> assertArrayEquals(bytes, bytesOf(node)));
            for (long node : gone) {
                published.remove(node);
                mem.free(node);
            }
            gone.clear();
            fresh.forEach(node -> published.put(node, bytesOf(node)));
            fresh.clear();
        }

        private byte[] bytesOf(long node) {
            byte[] bytes = new byte[Tree.nodeLength(mem.getLong(node))];
            mem.copyOut(node, bytes, 0, bytes.length);
            return bytes;
        }
    }

    private static byte[] bytes(String text) {
        return text.getBytes(UTF_8);
    }

    private Elements listElements(List<byte[]> values) {
        Elements elements = new Elements();
        for (byte[] value : values) {
            elements.add(value, 0, 0, value, 0, value.length, value.length % 2 == 1);
        }
        return elements;
    }

    private List<byte[]> values(long from, long to) {
        List<byte[]> found = new ArrayList<>();
        boolean unused =
                tree.range(
                        root,
                        from,
                        to,
                        leaf -> {
                            assertEquals(leaf.valueLength() % 2 == 1, leaf.marked());
                            return found.add(leaf.value());
                        });
        return found;
    }

    private void checkStructure() {
        Set<Long> reached = new HashSet<>();
        if (root != 0) {
            check(root, reached);
        }
        assertEquals(store.nodes, reached, "nodes that no root leads to, or that were given back");
    }

    private long check(long node, Set<Long> reached) {
        assertTrue(reached.add(node));
        long header = mem.getLong(node);
        boolean isInnerRoot = node == root && Tree.level(header) > 0;
        assertTrue(Tree.nodeCount(header) >= (isInnerRoot ? 2 : 1));
        if (Tree.level(header) == 0) {
            assertTrue(
                    Tree.nodeLength(header) <= Tree.MAX_LEAF + Tree.NODE_HEADER_LENGTH
                            || Tree.nodeCount(header) == 1);
            return Tree.nodeCount(header);
        }
        assertTrue(Tree.nodeCount(header) <= Tree.MAX_FANOUT);
        long sum = 0;
        for (int i = 0; i < Tree.nodeCount(header); i++) {
            long child = Tree.child(mem, node, i);
            assertEquals(Tree.level(header) - 1, Tree.level(mem.getLong(child)));
            assertEquals(firstPrefix(child), mem.getLong(node + 8 + 24L * i + 8));
            long count = check(child, reached);
            assertEquals(count, mem.getLong(node + 8 + 24L * i + 16));
            sum += count;
        }
        assertEquals(sum, tree.count(node));
        return sum;
    }

    private long firstPrefix(long node) {
        byte[] key = tree.at(node, 0).key();
        return Tree.prefixOf(key, 0, key.length);
    }

    @ParameterizedTest
    @ValueSource(ints = {8, 60, 900})
    void shouldHoldWhatAListHoldsAfterRandomSplices(int maxLength) {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        List<byte[]> model = new ArrayList<>();
        for (int step = 0; step < 2_000; step++) {
            int from = random.nextInt(4) == 0 ? model.size() : random.nextInt(model.size() + 1);
            int removed = random.nextInt(6) == 0 ? random.nextInt(model.size() - from + 1) : 0;
            removed = random.nextInt(3) == 0 ? Math.min(removed, 3) : removed / 2;
            List<byte[]> inserted = new ArrayList<>();
            for (int i = random.nextInt(random.nextInt(10) == 0 ? 200 : 5); i > 0; i--) {
                byte[] value = new byte[random.nextInt(maxLength)];
                random.nextBytes(value);
                inserted.add(value);
            }
            root = tree.splice(store, root, from, removed, listElements(inserted));
            store.publish();
            model.subList(from, from + removed).clear();
            model.addAll(from, inserted);
            assertEquals(model.size(), tree.count(root), "seed=" + seed);
            if (step % 50 == 0) {
                checkStructure();
                assertSame(model, values(0, model.size()), seed);
                int a = random.nextInt(model.size() + 1);
                int b = a + random.nextInt(model.size() - a + 1);
                assertSame(model.subList(a, b), values(a, b), seed);
                if (!model.isEmpty()) {
                    int at = random.nextInt(model.size());
                    assertArrayEquals(model.get(at), tree.at(root, at).value(), "seed=" + seed);
                }
            }
        }
        root = tree.splice(store, root, 0, tree.count(root), new Elements());
        store.publish();
        assertEquals(0, root);
        checkStructure();
    }

    private static void assertSame(List<byte[]> expected, List<byte[]> actual, long seed) {
        assertEquals(expected.size(), actual.size(), "seed=" + seed);
        for (int i = 0; i < expected.size(); i++) {
            assertArrayEquals(expected.get(i), actual.get(i), "seed=" + seed + " at " + i);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 9, 40})
    void shouldFindKeysInOrder(int samePrefix) {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        TreeMap<byte[], byte[]> model = new TreeMap<>(Arrays::compareUnsigned);
        String prefix = "p".repeat(samePrefix);
        for (int step = 0; step < 6_000; step++) {
            byte[] key = bytes(prefix + random.nextInt(3_000));
            boolean present = root != 0 && tree.find(root, key, 0, key.length);
            assertEquals(model.containsKey(key), present, "seed=" + seed);
            long at = root == 0 ? 0 : tree.position();
            assertEquals(model.headMap(key).size(), at, "seed=" + seed);
            Elements elements = new Elements();
            if (random.nextInt(3) > 0) {
                byte[] value = bytes("v" + step);
                elements.add(key, 0, key.length, value, 0, value.length, value.length % 2 == 1);
                model.put(key, value);
            } else {
                model.remove(key);
            }
            spliceThere(random, at, present, elements);
            if (random.nextInt(3) == 0) {
                store.publish();
            }
            if (step % 500 == 0) {
                checkStructure();
            }
        }
        store.publish();
        checkStructure();
        assertSame(new ArrayList<>(model.values()), values(0, model.size()), seed);
        List<byte[]> backwards = new ArrayList<>();
        boolean unused =
                tree.rangeReversed(root, 0, tree.count(root), leaf -> backwards.add(leaf.key()));
        assertSame(new ArrayList<>(model.descendingKeySet()), backwards, seed);
    }

    /** Changes what a search has just found, or has not, in any of the ways there are. */
    private void spliceThere(Random random, long at, boolean present, Elements elements) {
        int removed = present ? 1 : 0;
        int way = random.nextInt(4);
        if (way == 0) {
            root = tree.splice(store, root, at, removed, elements);
            return;
        }
        if (way == 1 && root != 0) {
            // Another leaf is looked at meanwhile.
            long other = random.nextInt((int) tree.count(root));
            boolean unused = tree.range(root, other, other + 1, leaf -> true);
        } else if (way == 2 && present) {
            Leaf unused = tree.at(root, at);
        }
        root = tree.spliceFound(store, root, removed, elements);
    }

    @Test
    void shouldRefuseToChangeATreeThatWasNotSearched() {
        Elements one = listElements(List.of(new byte[20]));
        root = tree.splice(store, 0, 0, 0, one);
        long other = tree.splice(store, 0, 0, 0, one);
        Leaf unused = tree.at(other, 0);
        assertThrows(
                IllegalStateException.class,
                () -> tree.spliceFound(store, root, 1, new Elements()));
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 9, 40})
    void shouldTellWhetherAKeyFitsInThePlaceOfAnother(int samePrefix) {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        TreeSet<byte[]> model = new TreeSet<>(Arrays::compareUnsigned);
        String prefix = "p".repeat(samePrefix);
        Elements elements = new Elements();
        int known = 0;
        for (int count : new int[] {1, 2, 10, 1_000}) {
            while (model.size() < count) {
                model.add(bytes(prefix + random.nextInt(10_000)));
            }
            elements.clear();
            model.forEach(key -> elements.add(key, 0, key.length, key, 0, 0, false));
            root = tree.splice(store, root, 0, tree.count(root), elements);
            for (byte[] key : model) {
                byte[] other = bytes(prefix + random.nextInt(10_000));
                assertTrue(tree.find(root, key, 0, key.length));
                byte[] lower = model.lower(key);
                byte[] higher = model.higher(key);
                boolean fits =
                        (lower == null || Arrays.compareUnsigned(lower, other) < 0)
                                && (higher == null || Arrays.compareUnsigned(other, higher) < 0);
                boolean told = tree.fitsFound(other, 0, other.length);
                assertTrue(fits || !told, "seed=" + seed);
                known += told ? 1 : 0;
                assertTrue(told || !fits || count > 10, "seed=" + seed);
            }
        }
        assertTrue(known > 0);
    }

    @Test
    void shouldKeepLeavesFullWhenFilledInOneDirection() {
        for (boolean append : new boolean[] {true, false}) {
            for (int i = 0; i < 10_000; i++) {
                List<byte[]> one = List.of(new byte[20]);
                root = tree.splice(store, root, append ? i : 0, 0, listElements(one));
                store.publish();
            }
            // 24 bytes an element: 26 to a leaf, so 385 leaves, and the inner nodes over them.
            assertTrue(store.nodes.size() < 420, append + ": " + store.nodes.size() + " nodes");
            root = tree.splice(store, root, 0, 10_000, new Elements());
            store.publish();
        }
    }

    @Test
    void shouldKeepLeavesFullWhenTheLastElementStaysTheLast() {
        Elements elements = listElements(List.of(new byte[20]));
        root = tree.splice(store, 0, 0, 0, elements);
        for (int i = 0; i < 10_000; i++) {
            elements = listElements(List.of(new byte[20], new byte[20]));
            root = tree.splice(store, root, i, 1, elements);
            store.publish();
        }
        checkStructure();
        assertEquals(10_001, tree.count(root));
        assertTrue(store.nodes.size() < 440, store.nodes.size() + " nodes");
        root = tree.splice(store, root, 0, 10_001, new Elements());
        store.publish();
    }

    @Test
    void shouldPutLeavesTogetherAsTheyShrink() {
        int left = 400;
        Random random = new Random(7);
        List<byte[]> values = Collections.nCopies(4_000, new byte[20]);
        root = tree.splice(store, 0, 0, 0, listElements(values));
        store.publish();
        assertTrue(store.nodes.size() > 150, store.nodes.size() + " nodes");
        for (int count = values.size(); count > left; count--) {
            root = tree.splice(store, root, random.nextInt(count), 1, new Elements());
            store.publish();
        }
        checkStructure();
        // Leaves are a quarter full at least, on the average: 6 elements of 24 bytes.
        assertTrue(store.nodes.size() < left / 6 + 5, store.nodes.size() + " nodes");
        for (int i = 0; i < left; i++) {
            root = tree.splice(store, root, 0, 1, new Elements());
            store.publish();
        }
        assertEquals(0, root);
    }
}
