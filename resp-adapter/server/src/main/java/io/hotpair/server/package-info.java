/**
 * Hotpair as a process of its own: {@code java -jar hotpair-server.jar}, with Redis-like options.
 */
@NullMarked
package io.hotpair.server;

import org.jspecify.annotations.NullMarked;
