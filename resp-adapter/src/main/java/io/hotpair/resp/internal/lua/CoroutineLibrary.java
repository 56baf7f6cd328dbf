package io.hotpair.resp.internal.lua;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** {@code coroutine}. */
final class CoroutineLibrary {
    private CoroutineLibrary() {}

    static void register(LuaTable module) {
        Libraries.add(module, "create", a -> LuaFunction.result(create(a)));
        Libraries.add(module, "resume", CoroutineLibrary::resume);
        Libraries.add(module, "running", a -> LuaFunction.result(a.state().running()));
        Libraries.add(module, "status", a -> LuaFunction.result(a.state().newString(status(a))));
        Libraries.add(module, "wrap", CoroutineLibrary::wrap);
        Libraries.add(module, "yield", CoroutineLibrary::suspend);
    }

    private static LuaCoroutine create(Arguments args) {
        if (!(args.get(0) instanceof LuaClosure function)) {
            throw args.bad(0, "Lua function expected");
        }
        LuaState state = args.state();
        // They take threads, of which the event loops have none to give.
        state.budget().needsMore();
        state.budget().allocate(LuaCoroutine.BYTES);
        LuaCoroutine coroutine = new LuaCoroutine(state, function);
        state.add(coroutine);
        return coroutine;
    }

    private static LuaCoroutine coroutine(Arguments args) {
        if (args.get(0) instanceof LuaCoroutine coroutine) {
            return coroutine;
        }
        throw args.bad(0, "coroutine expected");
    }

    private static @Nullable Object[] resume(Arguments args) {
        LuaCoroutine coroutine = coroutine(args);
        try {
            @Nullable Object[] values =
                    coroutine.resume(Arrays.copyOfRange(args.all(), 1, args.count()));
            return Operations.withSelf(true, values);
        } catch (LuaError e) {
            return new @Nullable Object[] {false, e.value()};
        }
    }

    private static @Nullable Object[] wrap(Arguments args) {
        LuaCoroutine coroutine = create(args);
        return LuaFunction.result(
                new Builtin(
                        "wrap",
                        call -> {
                            try {
                                return coroutine.resume(call.all());
                            } catch (LuaError e) {
                                Object value = e.value();
                                byte[] text = Operations.toBytes(value);
                                throw text == null
                                        ? call.state().raise(value)
                                        : call.state().error(new LuaString(text).toString());
                            }
                        },
                        coroutine));
    }

    private static @Nullable Object[] suspend(Arguments args) {
        LuaCoroutine running = args.state().running();
        if (running == null || args.state().nestedBuiltins() > running.nestedBuiltinsAtStart()) {
            throw args.state().runtimeError("attempt to yield across metamethod/C-call boundary");
        }
        return running.suspend(args.all());
    }

    private static String status(Arguments args) {
        LuaCoroutine coroutine = coroutine(args);
        if (coroutine == args.state().running()) {
            return "running";
        }
        return coroutine.status();
    }
}
