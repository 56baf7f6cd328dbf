/** Tests of the RESP adapter. */
@NullMarked
package io.hotpair.resp;

import org.jspecify.annotations.NullMarked;
