package io.hotpair.resp.internal.lua;

import org.jspecify.annotations.Nullable;

/** A local variable that a function inside uses too, and that may outlive its block. */
final class Cell {
    @Nullable Object value;

    Cell(@Nullable Object value) {
        this.value = value;
    }
}
