package io.hotpair.resp;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;

/** Writes what a client gets without having asked for it just now. */
final class PushBuilder {
    private final ByteArrayOutputStream out = new ByteArrayOutputStream(96);
    private final boolean resp3;

    PushBuilder(boolean resp3) {
        this.resp3 = resp3;
    }

    /** Begins with so many elements: a push in RESP3, an array in RESP2. */
    PushBuilder header(int elements) {
        line(resp3 ? '>' : '*', elements);
        return this;
    }

    PushBuilder array(int elements) {
        line('*', elements);
        return this;
    }

    PushBuilder bulk(String text) {
        return bulk(text.getBytes(StandardCharsets.ISO_8859_1));
    }

    PushBuilder bulk(byte[] value) {
        line('$', value.length);
        out.writeBytes(value);
        out.write('\r');
        out.write('\n');
        return this;
    }

    PushBuilder integer(long value) {
        out.writeBytes((":" + value + "\r\n").getBytes(StandardCharsets.US_ASCII));
        return this;
    }

    /** No value at all, in either form. */
    PushBuilder nothing(boolean inResp3) {
        out.writeBytes((inResp3 ? "_\r\n" : "$-1\r\n").getBytes(StandardCharsets.US_ASCII));
        return this;
    }

    byte[] bytes() {
        return out.toByteArray();
    }

    private void line(char kind, int number) {
        out.write(kind);
        out.writeBytes(Integer.toString(number).getBytes(StandardCharsets.US_ASCII));
        out.write('\r');
        out.write('\n');
    }
}
