@NullMarked
package io.hotpair.replication.ratis;

import org.jspecify.annotations.NullMarked;
