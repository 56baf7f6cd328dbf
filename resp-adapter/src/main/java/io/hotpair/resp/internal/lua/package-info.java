/**
 * The language of scripts: Lua 5.1 as Redis has it, with a budget for everything that a script
 * takes.
 *
 * <p>A {@code Lexer} and a {@code Parser} make a tree of {@code Expression}s and {@code Statement}s
 * from a chunk; the tree is executed as it is, by calls from node to node. What a program holds are
 * Java objects: null for nil, {@link java.lang.Boolean}, {@link java.lang.Double}, {@link
 * io.hotpair.resp.internal.lua.LuaString}, {@link io.hotpair.resp.internal.lua.LuaTable}, {@link
 * io.hotpair.resp.internal.lua.LuaFunction}, {@link io.hotpair.resp.internal.lua.LuaCoroutine} and
 * {@link io.hotpair.resp.internal.lua.LuaPointer}.
 *
 * <p>A {@link io.hotpair.resp.internal.lua.LuaState} is one execution: it has the {@link
 * io.hotpair.resp.internal.lua.Budget}, which counts steps, memory and depth, and stops whoever has
 * no more. Libraries and compiled chunks are immutable, and all executions share them.
 */
@NullMarked
package io.hotpair.resp.internal.lua;

import org.jspecify.annotations.NullMarked;
