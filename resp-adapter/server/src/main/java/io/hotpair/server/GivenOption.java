package io.hotpair.server;

/**
 * An option with a value, as its user wrote it.
 *
 * @param option its name, with the dashes of the command line
 * @param value the value
 * @param written what an error calls it: the name that stands where it was found, and where that is
 */
record GivenOption(String option, String value, String written) {}
