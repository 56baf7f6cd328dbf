package io.hotpair.resp;

/**
 * A user by name: the same object for as long as the user exists, with what the user may do at
 * present. Clients refer to it.
 */
final class AclAccount {
    private final String name;
    private volatile AclUser user;

    AclAccount(String name, AclUser user) {
        this.name = name;
        this.user = user;
    }

    /** A character for each byte. */
    String name() {
        return name;
    }

    /** What the user may do now. */
    AclUser user() {
        return user;
    }

    /** Changed by {@link Acl} alone, under its lock. */
    void user(AclUser changed) {
        user = changed;
    }
}
