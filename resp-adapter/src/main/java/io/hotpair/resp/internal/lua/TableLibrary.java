package io.hotpair.resp.internal.lua;

import org.jspecify.annotations.Nullable;

/** {@code table}. */
final class TableLibrary {
    private TableLibrary() {}

    static void register(LuaTable module) {
        Libraries.add(module, "concat", TableLibrary::concat);
        Libraries.add(module, "foreach", TableLibrary::forEach);
        Libraries.add(module, "foreachi", TableLibrary::forEachIndex);
        Libraries.add(module, "getn", a -> BaseLibrary.one((double) a.table(0).length()));
        Libraries.add(module, "insert", TableLibrary::insert);
        Libraries.add(module, "maxn", TableLibrary::maxn);
        Libraries.add(module, "remove", TableLibrary::remove);
        Libraries.add(
                module,
                "setn",
                a -> {
                    a.table(0);
                    throw a.state().error("'setn' is obsolete");
                });
        Libraries.add(module, "sort", TableLibrary::sort);
    }

    private static void set(LuaState state, LuaTable table, int index, @Nullable Object value) {
        if (table.isReadOnly()) {
            throw state.runtimeError("Attempt to modify a readonly table");
        }
        table.set(index, value);
    }

    private static @Nullable Object[] concat(Arguments args) {
        LuaTable table = args.table(0);
        byte[] separator = args.string(1, LuaString.EMPTY).bytes();
        int from = args.int32(2, 1);
        int to = args.isAbsent(3) ? table.length() : args.int32(3);
        LuaState state = args.state();
        ByteBuilder joined = new ByteBuilder(state);
        for (long i = from; i <= to; i++) {
            state.budget().step();
            Object value = table.get((int) i);
            byte[] bytes = Operations.toBytes(value);
            if (bytes == null) {
                throw state.error(
                        "invalid value ("
                                + Operations.typeName(value)
                                + ") at index "
                                + i
                                + " in table for 'concat'");
            }
            joined.append(bytes);
            if (i != to) {
                joined.append(separator);
            }
        }
        return BaseLibrary.one(joined.toLuaString());
    }

    private static @Nullable Object[] forEach(Arguments args) {
        LuaTable table = args.table(0);
        LuaFunction function = args.function(1);
        int place = table.nextFrom(0);
        while (place >= 0) {
            Object key = table.keyAt(place);
            Object result =
                    Operations.first(args.state().callBack(function, key, table.valueAt(place)));
            if (result != null) {
                return BaseLibrary.one(result);
            }
            int behind = table.placeBehind(key);
            if (behind < 0) {
                throw args.state().runtimeError("invalid key to 'next'");
            }
            place = table.nextFrom(behind);
        }
        return LuaFunction.NOTHING;
    }

    private static @Nullable Object[] forEachIndex(Arguments args) {
        LuaTable table = args.table(0);
        LuaFunction function = args.function(1);
        int length = table.length();
        for (int i = 1; i <= length; i++) {
            Object result =
                    Operations.first(
                            args.state().callBack(function, Operations.number(i), table.get(i)));
            if (result != null) {
                return BaseLibrary.one(result);
            }
        }
        return LuaFunction.NOTHING;
    }

    private static @Nullable Object[] insert(Arguments args) {
        LuaTable table = args.table(0);
        LuaState state = args.state();
        int end = table.length() + 1;
        int position;
        switch (args.count()) {
            case 2 -> position = end;
            case 3 -> {
                position = args.int32(1);
                end = Math.max(end, position);
                for (int i = end; i > position; i--) {
                    state.budget().step();
                    set(state, table, i, table.get(i - 1));
                }
            }
            default -> throw state.error("wrong number of arguments to 'insert'");
        }
        set(state, table, position, args.get(args.count() - 1));
        return LuaFunction.NOTHING;
    }

    private static @Nullable Object[] remove(Arguments args) {
        LuaTable table = args.table(0);
        int end = table.length();
        int position = args.int32(1, end);
        if (position < 1 || position > end) {
            return LuaFunction.NOTHING;
        }
        LuaState state = args.state();
        Object removed = table.get(position);
        for (int i = position; i < end; i++) {
            state.budget().step();
            set(state, table, i, table.get(i + 1));
        }
        set(state, table, end, null);
        return BaseLibrary.one(removed);
    }

    private static @Nullable Object[] maxn(Arguments args) {
        LuaTable table = args.table(0);
        double most = 0;
        int place = table.nextFrom(0);
        while (place >= 0) {
            args.state().budget().step();
            if (table.keyAt(place) instanceof Double number) {
                most = Math.max(most, number);
            }
            place = table.nextFrom(place + 1);
        }
        return BaseLibrary.one(most);
    }

    // ---- sorting

    private static @Nullable Object[] sort(Arguments args) {
        LuaTable table = args.table(0);
        int length = table.length();
        LuaFunction order = args.isAbsent(1) ? null : args.function(1);
        new Sort(args.state(), table, order).sort(1, length);
        return LuaFunction.NOTHING;
    }

    /**
     * Quicksort as Lua 5.1 does it, with the median of three, for what an order that is none makes
     * of it can be seen too.
     */
    private static final class Sort {
        private final LuaState state;
        private final LuaTable table;
        private final @Nullable LuaFunction order;

        Sort(LuaState state, LuaTable table, @Nullable LuaFunction order) {
            this.state = state;
            this.table = table;
            this.order = order;
        }

        private boolean less(@Nullable Object a, @Nullable Object b) {
            state.budget().step();
            return order == null
                    ? Operations.lessThan(state, a, b)
                    : Operations.isTrue(Operations.first(state.callBack(order, a, b)));
        }

        private void swap(int i, @Nullable Object atI, int j, @Nullable Object atJ) {
            set(state, table, i, atJ);
            set(state, table, j, atI);
        }

        void sort(int from, int to) {
            int low = from;
            int high = to;
            while (low < high) {
                Object a = table.get(low);
                Object b = table.get(high);
                if (less(b, a)) {
                    swap(low, a, high, b);
                }
                if (high - low == 1) {
                    break;
                }
                int middle = (low + high) >>> 1;
                a = table.get(middle);
                b = table.get(low);
                if (less(a, b)) {
                    swap(middle, a, low, b);
                } else {
                    b = table.get(high);
                    if (less(b, a)) {
                        swap(middle, a, high, b);
                    }
                }
                if (high - low == 2) {
                    break;
                }
                int pivot = partition(low, high, middle);
                if (pivot - low < high - pivot) {
                    sort(low, pivot - 1);
                    low = pivot + 1;
                } else {
                    sort(pivot + 1, high);
                    high = pivot - 1;
                }
            }
        }

        private int partition(int low, int high, int middle) {
            Object pivot = table.get(middle);
            swap(middle, pivot, high - 1, table.get(high - 1));
            int i = low;
            int j = high - 1;
            while (true) {
                while (less(table.get(++i), pivot)) {
                    if (i > high) {
                        throw state.error("invalid order function for sorting");
                    }
                }
                while (less(pivot, table.get(--j))) {
                    if (j < low) {
                        throw state.error("invalid order function for sorting");
                    }
                }
                if (j < i) {
                    break;
                }
                swap(i, table.get(i), j, table.get(j));
            }
            swap(high - 1, table.get(high - 1), i, table.get(i));
            return i;
        }
    }
}
