/** Tests of the log, on real files, with real processes where a process has to die. */
@NullMarked
package io.hotpair.persistence;

import org.jspecify.annotations.NullMarked;
