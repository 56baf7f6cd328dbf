package io.hotpair.internal;

import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(120)
class LateHelperTest {
    @Test
    void shouldLeaveTheDescriptorToReadersThatMetItLate() throws Throwable {
        Variant.small().run(LateHelper.class);
    }

    @Test
    void shouldFindADescriptorThatIsFreedAfterOneGracePeriod() {
        Variant oneGracePeriod = Variant.small().with("Slab", "length | TWICE);", "length);");
        Throwable found = assertThrows(Throwable.class, () -> oneGracePeriod.run(LateHelper.class));
        System.out.println("found: " + found);
    }
}
